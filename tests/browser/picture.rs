//! Pictures of pages: the whole page, with at most 256 colours.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::tab::Tab;

type Colour = [u8; 3];

/// Writes a picture of the whole page.
pub async fn keep(tab: &Tab, file: &Path) {
    let asked = json!({ "format": "png", "captureBeyondViewport": true });
    let taken = tab.browser.devtools("Page.captureScreenshot", asked).await;
    let bytes = STANDARD.decode(taken["data"].as_str().unwrap()).unwrap();
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let samples = frame.color_type.samples();
    let colours: Vec<Colour> = pixels[..frame.buffer_size()]
        .chunks_exact(samples)
        .map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect();
    write(file, (frame.width, frame.height), &colours);
}

fn write(file: &Path, (width, height): (u32, u32), colours: &[Colour]) {
    let (palette, indices) = reduce(colours);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(file).unwrap()), width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&indices).unwrap();
}

/// The 256 most frequent colours, and for each pixel the nearest of them. Areas keep their colour; only the edges of
/// letters change.
fn reduce(colours: &[Colour]) -> (Vec<Colour>, Vec<u8>) {
    let mut counts: HashMap<Colour, usize> = HashMap::new();
    for colour in colours {
        *counts.entry(*colour).or_default() += 1;
    }
    let mut ranked: Vec<Colour> = counts.keys().copied().collect();
    ranked.sort_unstable_by_key(|colour| (usize::MAX - counts[colour], *colour));
    let palette: Vec<Colour> = ranked.iter().take(256).copied().collect();
    let nearest = |colour: &Colour| {
        let distance = |other: &Colour| -> u32 {
            let parts = colour.iter().zip(other);
            parts.map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum()
        };
        (0..=u8::MAX)
            .zip(&palette)
            .min_by_key(|(_, other)| distance(other))
            .map_or(0, |(index, _)| index)
    };
    let places: HashMap<Colour, u8> = ranked
        .iter()
        .map(|colour| (*colour, nearest(colour)))
        .collect();
    let indices = colours.iter().map(|colour| places[colour]).collect();
    (palette, indices)
}
