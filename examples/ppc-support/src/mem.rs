// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory functions that compiled code calls by name.
//!
//! The precompiled `core` of `powerpc-unknown-linux-gnu` expects them from a C library, and a bare-metal image
//! has none. Words where both sides can be aligned, bytes elsewhere: misaligned words would trap on some of
//! the CPUs that an image must run on. The crate is `no_builtins`, so that the compiler does not recognise
//! these loops and replace them by calls of themselves.

const WORD: usize = size_of::<u32>();
/// Below this length the alignment work costs more than it saves.
const SHORT: usize = 16;

/// Bytes up to the next word boundary.
fn to_boundary(address: usize) -> usize {
    address.wrapping_neg() & (WORD - 1)
}

/// Copies `n` bytes in ascending order.
///
/// # Safety
/// * `src` is readable and `dst` writable for `n` bytes.
/// * `dst` does not start inside `src..src + n`, except at `src` itself.
pub unsafe fn copy_up(mut dst: *mut u8, mut src: *const u8, mut n: usize) {
    // SAFETY: both pointers advance together and `n` counts what is left, so every access lies inside the
    // caller's ranges; word accesses happen only while both pointers are word aligned and `n >= WORD`.
    unsafe {
        if n >= SHORT && (dst as usize ^ src as usize).is_multiple_of(WORD) {
            for _ in 0..to_boundary(dst as usize) {
                *dst = *src;
                (dst, src, n) = (dst.add(1), src.add(1), n - 1);
            }
            while n >= WORD {
                *dst.cast::<u32>() = *src.cast::<u32>();
                (dst, src, n) = (dst.add(WORD), src.add(WORD), n - WORD);
            }
        }
        while n > 0 {
            *dst = *src;
            (dst, src, n) = (dst.add(1), src.add(1), n - 1);
        }
    }
}

/// Copies `n` bytes in descending order.
///
/// # Safety
/// * `src` is readable and `dst` writable for `n` bytes.
/// * `src` does not start inside `dst..dst + n`, except at `dst` itself.
pub unsafe fn copy_down(dst: *mut u8, src: *const u8, mut n: usize) {
    // SAFETY: `n` counts what is left and every access lies below `dst + n` and `src + n`; word accesses
    // happen only while both ends are word aligned and `n >= WORD`.
    unsafe {
        if n >= SHORT && (dst as usize ^ src as usize).is_multiple_of(WORD) {
            for _ in 0..(dst as usize).wrapping_add(n) % WORD {
                n -= 1;
                *dst.add(n) = *src.add(n);
            }
            while n >= WORD {
                n -= WORD;
                *dst.add(n).cast::<u32>() = *src.add(n).cast::<u32>();
            }
        }
        while n > 0 {
            n -= 1;
            *dst.add(n) = *src.add(n);
        }
    }
}

/// Copies `n` bytes between ranges that may overlap.
///
/// # Safety
/// * `src` is readable and `dst` writable for `n` bytes.
pub unsafe fn copy_any(dst: *mut u8, src: *const u8, n: usize) {
    if (dst as usize).wrapping_sub(src as usize) >= n {
        // SAFETY: the caller's ranges; `dst` does not start inside the source.
        unsafe { copy_up(dst, src, n) };
    } else {
        // SAFETY: the caller's ranges; `dst` starts inside the source, hence `src` not inside the destination.
        unsafe { copy_down(dst, src, n) };
    }
}

/// Sets `n` bytes.
///
/// # Safety
/// * `dst` is writable for `n` bytes.
pub unsafe fn fill(mut dst: *mut u8, value: u8, mut n: usize) {
    // SAFETY: as in `copy_up`.
    unsafe {
        if n >= SHORT {
            for _ in 0..to_boundary(dst as usize) {
                *dst = value;
                (dst, n) = (dst.add(1), n - 1);
            }
            let word = u32::from_ne_bytes([value; WORD]);
            while n >= WORD {
                *dst.cast::<u32>() = word;
                (dst, n) = (dst.add(WORD), n - WORD);
            }
        }
        while n > 0 {
            *dst = value;
            (dst, n) = (dst.add(1), n - 1);
        }
    }
}

/// Compares `n` bytes as unsigned numbers: negative, zero or positive as the first that differ.
///
/// # Safety
/// * `a` and `b` are readable for `n` bytes.
#[must_use]
pub unsafe fn compare(mut a: *const u8, mut b: *const u8, mut n: usize) -> i32 {
    // SAFETY: as in `copy_up`.
    unsafe {
        if n >= SHORT && (a as usize ^ b as usize).is_multiple_of(WORD) {
            // Skip equal words; the bytes of the first different one decide below.
            let head = to_boundary(a as usize);
            for _ in 0..head {
                if *a != *b {
                    return i32::from(*a) - i32::from(*b);
                }
                (a, b, n) = (a.add(1), b.add(1), n - 1);
            }
            while n >= WORD && *a.cast::<u32>() == *b.cast::<u32>() {
                (a, b, n) = (a.add(WORD), b.add(WORD), n - WORD);
            }
        }
        while n > 0 {
            if *a != *b {
                return i32::from(*a) - i32::from(*b);
            }
            (a, b, n) = (a.add(1), b.add(1), n - 1);
        }
        0
    }
}

/// The names that compiled code calls.
#[cfg(target_arch = "powerpc")]
mod names {
    /// C `memcpy`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(dst: *mut u8, src: *const u8, n: usize) -> *mut u8 {
        // SAFETY: the caller promises disjoint, valid ranges.
        unsafe { super::copy_up(dst, src, n) };
        dst
    }

    /// C `memmove`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memmove(dst: *mut u8, src: *const u8, n: usize) -> *mut u8 {
        // SAFETY: the caller promises valid ranges.
        unsafe { super::copy_any(dst, src, n) };
        dst
    }

    /// C `memset`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memset(dst: *mut u8, value: i32, n: usize) -> *mut u8 {
        // SAFETY: the caller promises a valid range; C passes the byte as an int.
        unsafe { super::fill(dst, value as u8, n) };
        dst
    }

    /// C `memcmp`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, n: usize) -> i32 {
        // SAFETY: the caller promises valid ranges.
        unsafe { super::compare(a, b, n) }
    }

    /// C `bcmp`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, n: usize) -> i32 {
        // SAFETY: the caller promises valid ranges.
        unsafe { super::compare(a, b, n) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const LENGTHS: [usize; 14] = [0, 1, 3, 4, 5, 15, 16, 17, 18, 19, 31, 33, 64, 67];

    fn pattern(n: usize) -> Vec<u8> {
        (0..n).map(|i| (i * 7 + 3) as u8).collect()
    }

    /// Every pair of alignments and every length, against the standard library, neighbours included.
    #[test]
    fn copies_match_the_standard_library() {
        for n in LENGTHS {
            for from in 0..100 - n.min(90) {
                for to in 0..8 {
                    let mut ours = pattern(200);
                    let mut theirs = ours.clone();
                    theirs.copy_within(from..from + n, to);
                    let base = ours.as_mut_ptr();
                    // SAFETY: both ranges lie inside the vector.
                    unsafe { copy_any(base.add(to), base.add(from), n) };
                    assert_eq!(ours, theirs, "down by {from} to {to}, {n} bytes");

                    let mut ours = pattern(200);
                    let mut theirs = ours.clone();
                    theirs.copy_within(to..to + n, from);
                    let base = ours.as_mut_ptr();
                    // SAFETY: both ranges lie inside the vector.
                    unsafe { copy_any(base.add(from), base.add(to), n) };
                    assert_eq!(ours, theirs, "up by {to} to {from}, {n} bytes");
                }
            }
        }
    }

    #[test]
    fn disjoint_copy() {
        for n in LENGTHS {
            for (from, to) in [(0, 0), (1, 0), (0, 1), (3, 3), (2, 1)] {
                let source = pattern(100);
                let mut ours = [0xEE_u8; 100];
                // SAFETY: both ranges lie inside their arrays.
                unsafe { copy_up(ours.as_mut_ptr().add(to), source.as_ptr().add(from), n) };
                assert_eq!(ours[to..to + n], source[from..from + n]);
                assert!(ours[..to].iter().chain(&ours[to + n..]).all(|&b| b == 0xEE));
            }
        }
    }

    #[test]
    fn fill_touches_its_range_only() {
        for n in LENGTHS {
            for start in 0..8 {
                let mut bytes = [0x11_u8; 100];
                // SAFETY: the range lies inside the array.
                unsafe { fill(bytes.as_mut_ptr().add(start), 0xA5, n) };
                for (i, &b) in bytes.iter().enumerate() {
                    assert_eq!(b, if (start..start + n).contains(&i) { 0xA5 } else { 0x11 });
                }
            }
        }
    }

    #[test]
    fn compare_orders_as_unsigned_bytes() {
        for n in LENGTHS {
            for (x, y) in [(0, 0), (1, 0), (2, 2)] {
                let a = pattern(100);
                let mut b = std::vec![0; y];
                b.extend_from_slice(&a[x..x + n]);
                // SAFETY: both ranges lie inside their vectors.
                unsafe { assert_eq!(compare(a.as_ptr().add(x), b.as_ptr().add(y), n), 0) };
                for at in 0..n {
                    let mut b = b.clone();
                    b[y + at] ^= 0x80;
                    let expected = a[x..x + n].cmp(&b[y..y + n]) as i32;
                    // SAFETY: both ranges lie inside their vectors.
                    let ours = unsafe { compare(a.as_ptr().add(x), b.as_ptr().add(y), n) };
                    assert_eq!(ours.signum(), expected, "{n} bytes, differ at {at}");
                }
            }
        }
    }
}
