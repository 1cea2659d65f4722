//! What is on the screen, dot by dot.

use std::collections::BTreeSet;

/// A picture of the screen (PPM, three bytes a dot).
#[derive(Clone, PartialEq, Eq)]
pub struct Screen {
    /// Dots in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    dots: Vec<[u8; 3]>,
}

impl Screen {
    /// Reads a binary PPM (`P6`) with 255 shades, as QEMU writes it.
    pub fn read(ppm: &[u8]) -> Option<Self> {
        let mut words = ppm.splitn(4, |byte| byte.is_ascii_whitespace());
        let magic = words.next()?;
        let [width, height] = [words.next()?, words.next()?]
            .map(|word| std::str::from_utf8(word).ok()?.parse::<usize>().ok());
        let (width, height) = (width?, height?);
        let body = words.next()?.strip_prefix(b"255\n")?;
        let whole = magic == b"P6" && body.len() == width.checked_mul(height)?.checked_mul(3)?;
        let dots = body.chunks_exact(3).map(|dot| [dot[0], dot[1], dot[2]]);
        whole.then(|| Self {
            width,
            height,
            dots: dots.collect(),
        })
    }

    /// The same as a binary PPM.
    pub fn ppm(&self) -> Vec<u8> {
        let mut ppm = format!("P6\n{} {}\n255\n", self.width, self.height).into_bytes();
        ppm.extend(self.dots.iter().flatten());
        ppm
    }

    /// How many dots differ, in thousandths of all, below the first `skip` rows.
    pub fn differs_per_mille(&self, other: &Self, skip: usize) -> usize {
        if (self.width, self.height) != (other.width, other.height) {
            return 1000;
        }
        let from = skip * self.width;
        let pairs = self.dots.iter().zip(&other.dots).skip(from);
        let differing = pairs.filter(|(one, two)| one != two).count();
        (differing * 1000).div_ceil(self.dots.len().saturating_sub(from).max(1))
    }

    /// How many colours there are: a console has a few, a window has many.
    pub fn colours(&self) -> usize {
        self.dots.iter().collect::<BTreeSet<_>>().len()
    }

    /// The share of dots, in thousandths, that are black.
    pub fn black_per_mille(&self) -> usize {
        let black = self.dots.iter().filter(|dot| **dot == [0, 0, 0]).count();
        black * 1000 / self.dots.len().max(1)
    }
}
