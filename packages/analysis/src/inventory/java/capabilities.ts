import type { Ecosystem } from '../ecosystem.ts';
import { javaRuntimeReader } from './java-runtime.ts';
import { javaEndings, javaReader } from './java.ts';

export const javaEcosystem: Ecosystem = {
  name: 'java',
  title: 'Java (Maven coordinates)',
  group: 'language',
  readers: [
    {
      reader: javaReader,
      summary:
        'archives and the archives inside them: pom.properties, pom.xml, manifest, file name, in ' +
        'this order',
      files: javaEndings.map((ending) => ({
        pattern: `**/*${ending}`,
        example: `srv/app/lib/tool-1.0${ending}`,
      })),
      yields: {
        packages: {
          purlTypes: ['maven'],
          purl: 'pkg:maven/<group>/<artifact>@<version>',
          foundBy: ['metadata', 'pattern'],
          states: ['installed'],
          details: ['licenses', 'supplier'],
        },
      },
    },
    {
      reader: javaRuntimeReader,
      summary: 'Java runtimes (OpenJDK, GraalVM)',
      files: [{ pattern: '**/release', example: 'usr/lib/jvm/temurin-21/release' }],
      yields: {
        packages: {
          purlTypes: ['generic'],
          purl: 'pkg:generic/openjdk@<version>',
          foundBy: ['metadata'],
          states: ['installed'],
          details: ['supplier'],
        },
      },
    },
  ],
  unread: [
    {
      pattern: '**/{pom.xml,build.gradle,build.gradle.kts,build.sbt}',
      example: 'srv/app/pom.xml',
      reason: 'requirements of sources',
    },
    {
      pattern: '**/{gradle.lockfile,*.lockfile}',
      example: 'srv/app/gradle.lockfile',
      reason: 'lock files of Gradle',
    },
    {
      pattern: '**/*.jmod',
      example: 'usr/lib/jvm/temurin-21/jmods/java.base.jmod',
      reason: 'modules of the runtime, which `release` names',
    },
    {
      pattern: '**/*.class',
      example: 'srv/app/classes/com/example/Tool.class',
      reason: 'classes outside an archive',
    },
    { pattern: '**/*.apk', example: 'srv/app.apk', reason: 'Android applications' },
  ],
  gaps: [
    'An archive without metadata is a package with the name of the file; the version ' +
      'may be missing, and the group may be guessed from known artifacts.',
    'Shaded libraries are found by the pom files that they keep, not by their classes.',
    'Dependencies are not read: an archive does not contain resolved ones.',
    'Native images of GraalVM list no packages.',
  ],
};
