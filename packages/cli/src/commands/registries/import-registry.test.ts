import { expect, test } from 'vitest';

import { readCollectorOptions } from './collector-options.ts';

function read(line: string) {
  return readCollectorOptions(line.split(' ').filter(Boolean));
}

test('a usual command line of Collector becomes the settings of a registry', () => {
  const line =
    '--poll 30 --maximages=5 -r repolist --maxreq 500 --timeper 10m --maxreq2=2000 ' +
    '--registryhttps=false --registryauth=false --filelog registry.lab:5000 lab/app lab/base*';
  expect(read(line)).toEqual({
    ...{ address: 'registry.lab:5000', kind: 'distribution' },
    repositories: ['lab/app', 'lab/base**'],
    settings: {
      ...{ pollInterval: 30, backlog: 5, repositoryFile: 'repolist' },
      ...{ plainHttp: true, credentials: 'none', rates: ['500/600s', '2000/86400s'] },
    },
    notes: ['--filelog: the server logs to standard error'],
  });
});

test.each([
  ['local.host', { address: 'local', kind: 'local', repositories: ['**'] }],
  ['index.docker.io library/debian', { address: 'docker.io', kind: 'docker-hub' }],
  ['http://registry.lab', { address: 'registry.lab', settings: { plainHttp: true } }],
  ['--registryproto quay quay.io a/b', { kind: 'quay' }],
  ['--maximages 0 r.lab', { settings: { backlog: 1_000_000 } }],
  ['--maxreq 0 r.lab', { settings: {} }],
  ['--timeper2 1h30m --maxreq2 3 r.lab', { settings: { rates: ['3/5400s'] } }],
])('%s', (line, expected) => {
  expect(read(line)).toMatchObject(expected);
});

test.each([
  ['--userscriptstore /scripts r.lab', '--userscriptstore', 'lazaret scripts add'],
  ['-d file r.lab', '-d', 'results are in the database'],
  ['--registryproto v1 r.lab', '--registryproto', 'no longer supported'],
  ['--gce-key-file k.json r.lab', '--gce-key-file', 'docker login'],
  ['--poll soon r.lab', '--poll', 'expected a number'],
  ['--unknown r.lab', '--unknown', 'not an option of Collector'],
  ['--poll=60', 'REGISTRY', 'expected the host'],
  ['--maxreq 5 --timeper soon r.lab', '--timeper', 'expected a duration'],
])('%s is refused by name with the reason', (line, path, reason) => {
  const found = read(line);
  const problems = 'problems' in found ? found.problems : [];
  expect(problems).toEqual([{ path, message: expect.stringContaining(reason) }]);
});

test('every option of Collector is known', () => {
  const names = [
    ...['filelog', 'imagelist', 'repolist', 'removethresh', 'maximages', 'poll', 'dockerproto'],
    ...['dockeraddr', 'maxreq', 'timeper', 'maxreq2', 'timeper2', 'registryhttps', 'dests'],
    ...['registryauth', 'registryproto', 'registrytokenauthv1', 'registrytlsnoverify'],
    ...['userscriptstore', 'banyanoutdir', 'gce-metadata', 'gce-key-file', 'registrytokenauth'],
  ];
  for (const name of names) {
    const found = read(`--${name}=1 r.lab`);
    const messages = 'problems' in found ? found.problems.map(({ message }) => message) : [];
    expect([name, messages.join(' ')]).not.toEqual([name, 'is not an option of Collector']);
  }
});
