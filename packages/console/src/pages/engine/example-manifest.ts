/** The initial manifest of the page for a new engine, which can be added and run unchanged. */
export const exampleManifest = `# An example that works with the image of the engine "strings".
name: filetype
version: "1"
description: Detects the type of a file
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
