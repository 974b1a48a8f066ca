/** Progress of a running inspection. */
export type InspectProgress =
  | { readonly phase: 'listed'; readonly images: number; readonly layers: number }
  | {
      readonly phase: 'layer';
      /** Its index among all examined layers, and its label. */
      readonly index: number;
      readonly label: string;
      readonly state: 'examining' | 'done' | 'cached';
      readonly files: number;
    };
