//! Shop.

use std::fmt;

const RATE: f64 = 0.2;

/// A cart.
#[derive(Debug)]
pub struct Cart<T> {
    items: Vec<T>,
}

impl<T: Priced> Cart<T> {
    const MAX: usize = 10;

    /// The sum.
    #[inline]
    pub fn total(&self) -> u32 {
        let add = |a: u32, b: u32| {
            a + b
        };
        fn inner() -> u32 {
            1
        }
        match self.items.len() {
            0 => 0,
            1 => {
                inner()
            }
            _ => add(1, 2),
        }
    }
}

impl<T> fmt::Display for Cart<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.items.is_empty() {
            write!(f, "empty")
        } else {
            write!(
                f,
                "{}",
                self.items.len()
            )
        }
    }
}

pub trait Priced {
    fn price(&self) -> u32;

    fn double(&self) -> u32 {
        self.price() * 2
    }
}

enum Color {
    Red,
    Green(u8),
}

macro_rules! twice {
    ($x:expr) => {
        $x * 2
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds() {
        assert_eq!(1, 1);
    }
}
