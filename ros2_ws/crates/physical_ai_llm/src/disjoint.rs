use std::cell::UnsafeCell;
use std::ops::Range;

/// A slice of which several threads write different parts at the same time.
pub struct Disjoint<'a, T>(&'a [UnsafeCell<T>]);

// SAFETY: whoever writes promises that nobody else touches the same part.
unsafe impl<T: Send> Sync for Disjoint<'_, T> {}

impl<'a, T> Disjoint<'a, T> {
    /// Borrows the slice for as long as it is shared.
    pub fn new(slice: &'a mut [T]) -> Self {
        let pointer: *mut [T] = slice;
        // SAFETY: `UnsafeCell<T>` has the layout of `T`, and the borrow is exclusive.
        Self(unsafe { &*(pointer as *const [UnsafeCell<T>]) })
    }

    /// A part of it.
    ///
    /// # Safety
    /// Until the returned borrow ends nobody else reads or writes this part.
    #[allow(clippy::mut_from_ref, reason = "this is what the type is for")]
    pub unsafe fn part(&self, range: Range<usize>) -> &mut [T] {
        let cells = &self.0[range];
        // SAFETY: see above; cells lie one after another.
        unsafe { std::slice::from_raw_parts_mut(cells.as_ptr() as *mut T, cells.len()) }
    }

    /// Writes one place.
    ///
    /// # Safety
    /// At the same time nobody else reads or writes this place.
    pub unsafe fn set(&self, at: usize, value: T) {
        // SAFETY: see above.
        unsafe { *self.0[at].get() = value }
    }
}
