//! A window without a display: Slint's software renderer into a buffer.

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use slint::platform::software_renderer::{
    MinimalSoftwareWindow, PremultipliedRgbaColor, RepaintBufferType,
};
use slint::platform::{Platform, PlatformError, WindowAdapter};
use slint::{PhysicalSize, Rgb8Pixel};

struct Headless(Rc<MinimalSoftwareWindow>);

impl Platform for Headless {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        Ok(self.0.clone())
    }

    fn duration_since_start(&self) -> Duration {
        // Far enough on at every look that each animation has ended.
        thread_local!(static LOOKS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) });
        LOOKS.with(|looks| {
            looks.set(looks.get() + 1);
            Duration::from_secs(looks.get())
        })
    }
}

/// The one window that all pages are drawn in, one after another.
pub struct Canvas(Rc<MinimalSoftwareWindow>);

impl Canvas {
    /// Makes this the platform that Slint draws with.
    pub fn install() -> Result<Self, Box<dyn Error>> {
        let window = MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer);
        slint::platform::set_platform(Box::new(Headless(window.clone())))?;
        Ok(Self(window))
    }

    /// Draws until the page stands still: sizes and pages settle through change handlers, which
    /// run between frames.
    pub fn settle(&self, width: u32, height: u32) {
        self.0.set_size(PhysicalSize::new(width, height));
        for _ in 0..3 {
            slint::platform::update_timers_and_animations();
            self.0.request_redraw();
            self.0.draw_if_needed(|renderer| {
                let mut pixels = vec![Rgb8Pixel::default(); (width * height) as usize];
                renderer.render(&mut pixels, width as usize);
            });
        }
    }

    /// Draws what the window shows at this size and writes it as PNG.
    pub fn save(&self, width: u32, height: u32, file: &Path) -> Result<(), Box<dyn Error>> {
        self.settle(width, height);
        let mut pixels = vec![PremultipliedRgbaColor::default(); (width * height) as usize];
        self.0.request_redraw();
        self.0.draw_if_needed(|renderer| {
            renderer.render(&mut pixels, width as usize);
        });
        let bytes: Vec<u8> = pixels
            .iter()
            .flat_map(|p| [p.red, p.green, p.blue])
            .collect();
        let mut encoder = png::Encoder::new(BufWriter::new(File::create(file)?), width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header()?.write_image_data(&bytes)?;
        println!("{}", file.display());
        Ok(())
    }
}
