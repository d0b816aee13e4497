//! How freed memory is returned to the system.
//!
//! glibc gives each thread a heap of its own and keeps what is freed in it. Micro-batches run on threads that come and
//! go, so several such heaps would each keep the widest moment of a step. With one heap for all threads, one thread can
//! use what another has freed; waiting for the heap costs nothing measurable, because tensors are few and large
//! (`docs/plan.md`). On other systems the allocator is left alone.

/// Lets all threads share one heap; called before any other thread exists.
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

/// Gives freed memory back to the system.
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
