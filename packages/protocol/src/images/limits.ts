/** Limits of images. */
export const imageLimits = {
  imageListItems: 1_000,
  imageCursorChars: 8_000,
  packageNameChars: 1_024,
  layersPerImage: 1_000,
} as const;
