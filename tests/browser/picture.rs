//! Pictures of pages: the whole page, in a palette of at most 256 colours.

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

/// Colours that differ only in their last bits become the most frequent of them, with as few such bits as needed: large
/// areas keep their colour, only the edges of letters change.
fn reduce(colours: &[Colour]) -> (Vec<Colour>, Vec<u8>) {
    let mut counts: HashMap<Colour, usize> = HashMap::new();
    for colour in colours {
        *counts.entry(*colour).or_default() += 1;
    }
    for lost_bits in 0..8 {
        let bucket = |colour: &Colour| colour.map(|part| part >> lost_bits);
        let mut chosen: HashMap<Colour, (usize, Colour)> = HashMap::new();
        for (colour, count) in &counts {
            let best = chosen.entry(bucket(colour)).or_default();
            *best = (*best).max((*count, *colour));
        }
        if chosen.len() > 256 {
            continue;
        }
        let mut palette: Vec<Colour> = chosen.values().map(|(_, colour)| *colour).collect();
        palette.sort_unstable();
        let place = |colour: &Colour| {
            let (_, chosen) = chosen[&bucket(colour)];
            u8::try_from(palette.binary_search(&chosen).unwrap()).unwrap()
        };
        let indices = colours.iter().map(place).collect();
        return (palette, indices);
    }
    unreachable!("eight bits less are one colour")
}
