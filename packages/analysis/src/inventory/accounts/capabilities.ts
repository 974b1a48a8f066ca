import type { Ecosystem } from '../ecosystem.ts';
import { accountsReader } from './accounts.ts';

const folders = ['etc', 'usr/etc', 'usr/lib'];
const names = ['passwd', 'shadow', 'group'];

export const accountsEcosystem: Ecosystem = {
  name: 'accounts',
  title: 'Users and groups',
  group: 'system',
  readers: [
    {
      reader: accountsReader,
      summary: 'users, groups, and the state and scheme of passwords, never the hash',
      files: folders.flatMap((folder) =>
        names.map((name) => ({ pattern: `${folder}/${name}`, example: `${folder}/${name}` })),
      ),
      yields: { accounts: true },
    },
  ],
  unread: [
    { pattern: 'etc/gshadow', example: 'etc/gshadow', reason: 'passwords of groups' },
    { pattern: 'etc/sudoers', example: 'etc/sudoers', reason: 'rights to become another user' },
    {
      pattern: '**/.ssh/authorized_keys',
      example: 'root/.ssh/authorized_keys',
      reason: 'keys that may sign in',
    },
    {
      pattern: '*/etc/passwd',
      example: 'rootfs/etc/passwd',
      reason: 'root file systems in a directory',
    },
  ],
  gaps: ['Entries of NIS (`+@staff`) are a gap: their accounts are defined elsewhere.'],
};
