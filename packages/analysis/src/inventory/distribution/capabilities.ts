import type { Ecosystem } from '../ecosystem.ts';
import { busyboxReader, distributionReader, releaseFiles } from './distribution.ts';

const yields = { distribution: true } as const;

export const distributionEcosystem: Ecosystem = {
  name: 'distribution',
  title: 'Distribution',
  group: 'system',
  readers: [
    {
      reader: distributionReader,
      summary: 'release files, the first that exists in this order',
      files: releaseFiles.map((path) => ({ pattern: path, example: path })),
      yields,
    },
    {
      reader: busyboxReader,
      summary: 'the version of BusyBox, for images that consist of it',
      files: ['bin', 'sbin', 'usr/bin', 'usr/sbin'].map((folder) => ({
        pattern: `${folder}/busybox`,
        example: `${folder}/busybox`,
      })),
      yields,
    },
  ],
  unread: [
    {
      pattern: '*/etc/os-release',
      example: 'rootfs/etc/os-release',
      reason: 'a root file system in a directory: the distribution is that of the whole tree',
    },
    { pattern: 'etc/issue', example: 'etc/issue', reason: 'the text of the login prompt' },
  ],
  gaps: [
    'A `/etc/os-release` that is a symbolic link is not followed; its target `/usr/lib/os-release` ' +
      'is read at its own path.',
  ],
};
