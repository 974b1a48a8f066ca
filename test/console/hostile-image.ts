/** Layers of an image with markup, scripts and invisible characters in names and texts. */
import type { LayerInput } from '../../packages/analysis/src/testing/image-builder.ts';

export const markup = '<img src=x onerror=alert(1)>';
const script = '<script>document.title="taken"</script>';
export const hiddenName = '\u202egpj.exe';
const longName = `${'a-name-that-was-made-to-break-a-table-layout-'.repeat(5)}.txt`;
export const rule = 'Lab_Word';
const marker = 'the text that the rule matches';
/** More files than one page of the tree. */
export const manyFiles = 230;
/** Matches the marker text. */
export const yaraRules = `rule ${rule} {
  meta: severity = "critical"
  strings: $a = "${marker}"
  condition: $a
}
`;

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function dpkgRecord(name: string, version: string): string {
  return [
    `Package: ${name}`,
    'Status: install ok installed',
    'Architecture: amd64',
    `Version: ${version}`,
    'Maintainer: Lab <lab@lab.example>',
    'Description: of the lab',
    '',
    '',
  ].join('\n');
}

export const base: LayerInput = {
  createdBy: `RUN echo ${script}`,
  entries: [
    { path: 'etc', type: 'directory' },
    { path: 'etc/os-release', content: text(`ID=debian\nPRETTY_NAME="Debian ${markup}"\n`) },
    { path: 'etc/passwd', content: text(`root:x:0:0::/root:/bin/sh\n<b>eva:x:0:0::/:/bin/sh\n`) },
    { path: 'usr/bin/lift', content: text('#!/bin/sh\n'), mode: 0o4755 },
    {
      path: 'var/lib/dpkg/status',
      content: text(dpkgRecord('zlib1g', '1:1.3.1-1') + dpkgRecord('libdemo', '2.0-1')),
    },
    { path: 'srv/gone.txt', content: text(`${marker}, but hidden\n`) },
    ...Array.from({ length: manyFiles }, (_, index) => ({
      path: `usr/share/doc/note-${String(index).padStart(3, '0')}`,
      content: text(`note ${index}\n`),
    })),
  ],
};
export const top: LayerInput = {
  createdBy: 'COPY srv /srv',
  entries: [
    { path: 'srv/.wh.gone.txt', content: text('') },
    { path: `srv/${markup}`, content: text(`${marker}\n`) },
    { path: `srv/${hiddenName}`, content: text('x') },
    { path: `srv/${longName}`, content: text('long') },
  ],
};
export const update: LayerInput = {
  createdBy: 'RUN update',
  entries: [
    {
      path: 'var/lib/dpkg/status',
      content: text(dpkgRecord('zlib1g', '1:1.3.2-1') + dpkgRecord('newcomer', '1.0')),
    },
    { path: `srv/more ${markup}`, content: text(`${marker} again\n`) },
  ],
};
export const config = {
  Env: ['PATH=/usr/bin', `NAME=${markup}`, `LONG=${'x'.repeat(600)}`],
  Entrypoint: ['/bin/sh', '-c', script],
  Labels: { title: '<b>title</b>' },
};
