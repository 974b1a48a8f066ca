/** Readers of the metadata of compilers and build tools in programs and archives. */
import type { Reader } from '../reader.ts';
import { binaryClassifierReader } from './binary-classifiers.ts';
import { dotnetAssemblyReader } from '../dotnet/dotnet-assembly.ts';
import { dotnetDependenciesReader, nugetLockReader } from '../dotnet/dotnet.ts';
import { elfNoteReader, linuxKernelReader } from './elf-notes.ts';
import { goBinaryReader } from '../go/go-binary.ts';
import { javaRuntimeReader } from '../java/java-runtime.ts';
import { javaReader } from '../java/java.ts';
import { cargoLockReader, rustBinaryReader } from '../rust/rust-binary.ts';
import { textVersionReader } from './text-versions.ts';

export const binaryReaders: readonly Reader[] = [
  goBinaryReader,
  rustBinaryReader,
  cargoLockReader,
  javaReader,
  javaRuntimeReader,
  dotnetDependenciesReader,
  nugetLockReader,
  dotnetAssemblyReader,
  elfNoteReader,
  linuxKernelReader,
  binaryClassifierReader,
  textVersionReader,
];
