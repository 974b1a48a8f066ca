/** The tables of inspections and images for Kysely; part of `schema.ts`. */
import type { FileRow, InspectionReport, PlacedFinding, PlacedPackage } from '@lazaret/protocol';
import type { ColumnType, Generated } from 'kysely';

import type { Json, NullableTimestamp, Timestamp } from './column-types.ts';

interface Inspections {
  id: string;
  project: string;
  reference: string;
  platform: string;
  force: boolean;
  state: Generated<string>;
  phase: Generated<string>;
  layers_done: Generated<number>;
  layers_total: Generated<number>;
  files_seen: Generated<number>;
  attempts: Generated<number>;
  fence: string | null;
  lease_until: NullableTimestamp;
  queue_id: string;
  problem_code: string | null;
  problem_detail: string | null;
  cancel_requested_at: NullableTimestamp;
  priority: Generated<number>;
  requested_by: string;
  archive_name: string | null;
  archive_bytes: number | null;
  created_at: Timestamp;
  started_at: NullableTimestamp;
  finished_at: NullableTimestamp;
}

interface InspectionKeys {
  project: string;
  actor: string;
  key: string;
  hash: Buffer;
  inspection: string;
}

interface InspectionImages {
  inspection: string;
  position: number;
  digest: string;
  platform: string | null;
  verdict: string;
  known: boolean;
}

interface Layers {
  id: Generated<number>;
  diff_id: string;
  content: Buffer;
  files: number;
  created_at: Timestamp;
}

interface LayerFiles {
  layer: number;
  number: number;
  parent: number;
  path: string;
  type: string;
  implied: boolean;
  has_children: boolean;
  mode: number;
  uid: number;
  gid: number;
  size_bytes: number;
  mtime_ms: number;
  link_path: string | null;
  kind: string | null;
  sha256: Buffer | null;
  sha1: Buffer | null;
  md5: Buffer | null;
  extra: ColumnType<Partial<FileRow> | null, string | null, string | null>;
}

interface Images {
  id: Generated<number>;
  project: string;
  digest: string;
  names: string[];
  platform: string | null;
  distribution: string | null;
  verdict: string;
  layer_count: number;
  package_count: number;
  file_count: number;
  finding_counts: number[];
  size_bytes: number;
  summary: Json<ImageSummary>;
  report: Buffer;
  scan_config_digest: string | null;
  inspection: string;
  inspected_at: Timestamp;
}

/** The report without its long lists. */
export type ImageSummary = Omit<InspectionReport, 'packages' | 'files' | 'findings'>;

interface ImageFacts {
  image: number;
  part: string;
  content: string;
}

interface ImageLayers {
  image: number;
  position: number;
  layer: number;
}

interface ImageHidden {
  image: number;
  position: number;
  number: number;
  hidden_by: number;
}

interface ImagePackages {
  image: number;
  number: number;
  type: string;
  name: string;
  purl: string;
  hidden: boolean;
  fact: Json<PlacedPackage>;
}

interface ImageFindings {
  image: number;
  number: number;
  severity: string;
  class: string;
  scanner: string;
  rule: string;
  finding: Json<PlacedFinding>;
}

/** Distinct names of files, packages or rules. */
interface Names {
  name: string;
}

export interface ImageTables {
  inspections: Inspections;
  inspection_keys: InspectionKeys;
  inspection_images: InspectionImages;
  layers: Layers;
  layer_files: LayerFiles;
  images: Images;
  image_facts: ImageFacts;
  image_layers: ImageLayers;
  image_hidden: ImageHidden;
  image_packages: ImagePackages;
  image_findings: ImageFindings;
  file_names: Names;
  package_names: Names;
  rule_names: Names;
}
