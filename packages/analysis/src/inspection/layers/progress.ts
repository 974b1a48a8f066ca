/** What is told while an inspection goes on. */
export type InspectProgress =
  | { readonly phase: 'listed'; readonly images: number; readonly layers: number }
  | {
      readonly phase: 'layer';
      /** Its place among all layers that are examined, and how it is called. */
      readonly index: number;
      readonly label: string;
      readonly state: 'examining' | 'done' | 'cached';
      readonly files: number;
    };
