//! Settings of the system's allocator, so that freed memory goes back to the system.
//!
//! glibc gives each thread its own heap and keeps freed memory there. Micro-batches run on threads that come and
//! go, so several heaps would each stay as large as the peak of a step. With one heap for all threads, one thread can
//! use what another has freed; waiting for the heap costs nothing measurable, because tensors are few and large
//! (`docs/plan.md`). On other systems the allocator is left alone.

/// Makes all threads share one heap. To be called before any other thread exists; without glibc it does nothing.
pub fn share_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(
        unsafe_code,
        reason = "glibc's settings are reached by its C functions only"
    )]
    // SAFETY: sets a number under glibc's own lock.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// Gives the free pages of glibc's heap back to the system; without glibc it does nothing.
pub fn trim() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(
        unsafe_code,
        reason = "glibc's heap is reached by its C functions only"
    )]
    // SAFETY: takes glibc's own lock and touches free pages only.
    unsafe {
        libc::malloc_trim(0);
    }
}
