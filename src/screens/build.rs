//! Compiles `ui/` into Rust, with its translations bundled.

use slint_build::{CompilerConfiguration, DefaultTranslationContext};

fn main() -> Result<(), slint_build::CompileError> {
    let config = CompilerConfiguration::new()
        .with_style("fluent".into())
        .with_bundled_translations("../../ui/lang")
        // A sentence is translated once, wherever it stands.
        .with_default_translation_context(DefaultTranslationContext::None)
        // Tests find controls by it; a release does without.
        .with_debug_info(std::env::var("PROFILE").is_ok_and(|profile| profile == "debug"));
    slint_build::compile_with_config("../../ui/app.slint", config)
}
