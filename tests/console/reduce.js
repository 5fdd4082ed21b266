// A PNG (base64) as indexes into its 256 commonest colours, for tests.console.pictures.
async (data) => {
  const image = new Image();
  image.src = `data:image/png;base64,${data}`;
  await image.decode();
  const { width, height } = image;
  const ink = new OffscreenCanvas(width, height).getContext("2d");
  ink.drawImage(image, 0, 0);
  const pixels = ink.getImageData(0, 0, width, height).data;
  const keys = new Int32Array(width * height);
  const seen = new Map();
  for (let i = 0; i < keys.length; i++) {
    const rgb = pixels.subarray(4 * i, 4 * i + 3);
    keys[i] = ((rgb[0] >> 2) << 12) | ((rgb[1] >> 2) << 6) | (rgb[2] >> 2);
    const known = seen.get(keys[i]);
    if (known) known.n++;
    else seen.set(keys[i], { n: 1, rgb: [...rgb] });
  }
  const ranked = [...seen.entries()].sort((a, b) => b[1].n - a[1].n);
  const palette = ranked.slice(0, 256).map(([, { rgb }]) => rgb);
  const nearest = (rgb) => {
    let best = 0;
    let least = Infinity;
    palette.forEach((p, i) => {
      const far = (p[0] - rgb[0]) ** 2 + (p[1] - rgb[1]) ** 2 + (p[2] - rgb[2]) ** 2;
      if (far < least) [best, least] = [i, far];
    });
    return best;
  };
  const index = new Map(ranked.map(([key, { rgb }]) => [key, nearest(rgb)]));
  const out = Uint8Array.from(keys, (key) => index.get(key));
  let text = "";
  for (let i = 0; i < out.length; i += 32768) text += String.fromCharCode(...out.subarray(i, i + 32768));
  return { width, height, palette, pixels: btoa(text) };
};
