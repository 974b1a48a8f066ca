/** What the page for a new engine starts with: it can be added, and run, as it is. */
export const exampleManifest = `# An example that works with the image of the engine "strings".
name: filetype
version: "1"
description: Says what kind of file it is
image: lazaret/engine-strings:latest
shell: /usr/bin/file --brief /in/sample > /out/type.txt
input:
  name: sample
  maxBytes: 64MiB
output:
  result: type.txt
resources:
  memory: 64MiB
  cpus: 0.5
timeLimit: 1m
`;
