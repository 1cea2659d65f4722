//! The window drawn in memory, on a machine without a display: for pictures of the running till.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use sealpoint_screens::TillWindow;
use sealpoint_till::View;
use slint::platform::software_renderer::{
    MinimalSoftwareWindow, PremultipliedRgbaColor, RepaintBufferType,
};
use slint::platform::{Platform, PlatformError, WindowAdapter};
use slint::{ComponentHandle, PhysicalSize};

use crate::engine::Screen;
use crate::lines::Shot;
use crate::present;

/// At most this many pixels on each side of a picture.
const MAX_SIDE: u32 = 8192;
/// Sizes and pages settle through change handlers, which run between frames.
const FRAMES: usize = 4;

/// What comes to the window from the engine, in its order.
pub enum Frame {
    /// Show this.
    View(Box<View>),
    /// Take a picture of it.
    Shot(Shot),
}

/// The engine's end of the window.
pub struct Glass(pub Sender<Frame>);

impl Screen for Glass {
    fn show(&mut self, view: &View) {
        // It fails only once the window is gone, and then nobody looks any more.
        let _ = self.0.send(Frame::View(Box::new(view.clone())));
    }
}

/// Draws views and pictures until the engine ends.
///
/// # Errors
/// Slint's, if the window cannot be made.
pub fn draw(frames: &Receiver<Frame>) -> Result<(), PlatformError> {
    let surface = MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer);
    slint::platform::set_platform(Box::new(Memory(surface.clone())))
        .map_err(|error| PlatformError::Other(error.to_string()))?;
    let window = present::window(|_| {}, "")?;
    window.show()?;
    while let Ok(frame) = frames.recv() {
        match frame {
            Frame::View(view) => present::show(&window, &view),
            Frame::Shot(shot) => {
                let taken = picture(&surface, &window, &shot.path, shot.width, shot.height);
                let _ = shot.done.send(taken);
            }
        }
    }
    Ok(())
}

fn picture(
    surface: &Rc<MinimalSoftwareWindow>,
    window: &TillWindow,
    path: &Path,
    width: u32,
    height: u32,
) -> Result<(), String> {
    if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
        return Err(format!("a picture is 1 to {MAX_SIDE} pixels wide and high"));
    }
    surface.set_size(PhysicalSize::new(width, height));
    let mut pixels = vec![PremultipliedRgbaColor::default(); width as usize * height as usize];
    for _ in 0..FRAMES {
        slint::platform::update_timers_and_animations();
        window.window().request_redraw();
        surface.draw_if_needed(|renderer| {
            renderer.render(&mut pixels, width as usize);
        });
    }
    let bytes: Vec<u8> = pixels
        .iter()
        .flat_map(|p| [p.red, p.green, p.blue])
        .collect();
    write_png(path, width, height, &bytes)
        .map_err(|why| format!("{} cannot be written: {why}", path.display()))
}

fn write_png(path: &Path, width: u32, height: u32, rgb: &[u8]) -> Result<(), png::EncodingError> {
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    encoder.write_header()?.write_image_data(rgb)
}

/// A platform whose only window is a buffer, and whose clock is always past every animation.
struct Memory(Rc<MinimalSoftwareWindow>);

impl Platform for Memory {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        Ok(self.0.clone())
    }

    fn duration_since_start(&self) -> Duration {
        thread_local!(static LOOKS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) });
        LOOKS.with(|looks| {
            looks.set(looks.get() + 1);
            Duration::from_secs(looks.get())
        })
    }
}
