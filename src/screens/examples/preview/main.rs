//! Renders every page of the till to PNG files, with no display:
//! `cargo run -p sealpoint-screens --example preview -- OUT_DIR [PAGE..]`.
//!
//! For the designer: what the files show is made up, not a running till.

mod canvas;
mod scenes;

use std::error::Error;
use std::path::PathBuf;

use sealpoint_screens::{Scheme, Theme, TillWindow};
use slint::ComponentHandle;

const SIZES: [(u32, u32); 3] = [(1920, 1080), (1366, 768), (1024, 768)];
const SCHEMES: [(&str, Scheme); 3] = [
    ("light", Scheme::Light),
    ("dark", Scheme::Dark),
    ("contrast", Scheme::Contrast),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name the folder to write to")?);
    let wanted: Vec<String> = arguments.collect();
    std::fs::create_dir_all(&folder)?;

    let canvas = canvas::Canvas::install()?;
    for (name, scene) in scenes::ALL {
        if !wanted.is_empty() && !wanted.iter().any(|part| name.contains(part.as_str())) {
            continue;
        }
        let page = TillWindow::new()?;
        page.show()?;
        if let Ok(language) = std::env::var("PREVIEW_LANGUAGE") {
            slint::select_bundled_translation(&language)?;
        }
        scenes::common(&page);
        let (width, height) = SIZES[0];
        canvas.settle(width, height);
        scene(&page);
        for (width, height) in SIZES {
            for (scheme_name, scheme) in SCHEMES {
                page.global::<Theme>().set_scheme(scheme);
                let file = folder.join(format!("{name}-{width}x{height}-{scheme_name}.png"));
                canvas.save(width, height, &file)?;
            }
        }
        page.hide()?;
    }
    Ok(())
}
