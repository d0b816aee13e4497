//! An allocator that counts the bytes that are in use, and remembers the most. A block counts as what the system's
//! allocator takes for it: glibc writes eight bytes before each, rounds up to sixteen and takes at least 32.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

fn add(bytes: usize) {
    let bytes = block(bytes);
    let in_use = IN_USE.fetch_add(bytes, Relaxed) + bytes;
    MOST.fetch_max(in_use, Relaxed);
}

fn subtract(bytes: usize) {
    IN_USE.fetch_sub(block(bytes), Relaxed);
}

/// What a block of this length takes.
fn block(bytes: usize) -> usize {
    (bytes + 8).next_multiple_of(16).max(32)
}

#[expect(unsafe_code, reason = "an allocator is unsafe to implement")]
// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        subtract(layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    /// A block that grows counts twice while it is moved.
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        add(bytes);
        subtract(layout.size());
        unsafe { System.realloc(pointer, layout, bytes) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that a piece of work had in use at one time, and what it gave.
pub(crate) fn most<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = IN_USE.load(Relaxed);
    MOST.store(before, Relaxed);
    let result = work();
    (MOST.load(Relaxed).saturating_sub(before), result)
}
