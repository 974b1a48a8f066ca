import { describe, expect, test } from 'vitest';

import { factsOf, ofKind } from '../testing/read-file.ts';
import { readLiterals } from './ruby-literal.ts';
import { gemfileLockReader, gemspecReader } from './ruby.ts';

const folder = 'usr/lib/ruby/gems/3.1.0/specifications';

describe('specifications of gems', () => {
  test('are read without Ruby', async () => {
    const text = `# -*- encoding: utf-8 -*-
Gem::Specification.new do |s|
  s.name = "nokogiri".freeze
  s.version = Gem::Version.new("1.15.0")
  s.platform = %q{x86_64-linux}
  s.authors = ["Mike \\"D\\"".freeze, "Aaron".freeze]
  s.licenses = ["MIT".freeze, 'Ruby']
  s.email = [nil, "a@example.org"]
  s.add_runtime_dependency(%q<racc>.freeze, ["~> 1.4"])
  s.add_dependency "mini_portile2", ">= 0"
  s.add_development_dependency(%q<rake>.freeze, [">= 0"])
end
`;
    const path = `${folder}/nokogiri-1.15.0-x86_64-linux.gemspec`;
    expect(await factsOf(gemspecReader, path, text)).toEqual([
      {
        kind: 'package',
        path,
        type: 'gem',
        name: 'nokogiri',
        version: '1.15.0',
        purl: 'pkg:gem/nokogiri@1.15.0?platform=x86_64-linux',
        foundBy: 'metadata',
        state: 'installed',
        licenses: ['MIT', 'Ruby'],
        supplier: 'Mike "D"',
        dependsOn: ['racc', 'mini_portile2'],
      },
    ]);
  });

  test.each([
    ['a constant', 's.version = Foo::VERSION'],
    ['an interpolation', 's.version = "1.#{minor}"'],
    ['an expression', 's.version = ["1", "2"].join(".")'],
  ])('with %s for a version are unknown', async (_what, line) => {
    const text = `Gem::Specification.new do |s|\n  s.name = "a"\n  ${line}\nend\n`;
    const facts = await factsOf(gemspecReader, `${folder}/a.gemspec`, text);
    expect(facts).toMatchObject([{ kind: 'diagnostic', reason: 'unsupported' }]);
  });

  test('are read from the stub line of RubyGems', async () => {
    const text = '# stub: bigdecimal 3.1.1 ruby lib ext\nGem::Specification.new { |s| eval }\n';
    const facts = await factsOf(gemspecReader, `${folder}/default/bigdecimal-3.1.1.gemspec`, text);
    expect(facts).toMatchObject([{ purl: 'pkg:gem/bigdecimal@3.1.1' }]);
  });

  test('in the sources of a gem are not read', () => {
    const path = 'var/lib/gems/3.1.0/gems/a-1.0/a.gemspec';
    expect(gemspecReader.accepts?.({ path } as never)).toBe(false);
  });
});

test.each<[string, string[] | undefined]>([
  [`"a\\"b".freeze`, ['a"b']],
  [`['a#{b}', "c"]`, ['a#{b}', 'c']],
  ['%q<a#{b}>', ['a#{b}']],
  ['%(a)', ['a']],
  ['"a#{b}"', undefined],
  ['["a", B]', undefined],
  ['["a", "b"].join', undefined],
  ['"a" + b', undefined],
  ['A', undefined],
  ['"open', undefined],
])('the literal %s is %j', (source, texts) => {
  expect(readLiterals(source)).toEqual(texts);
});

test('Gemfile.lock declares exact versions', async () => {
  const text = `GIT
  remote: https://example.org/x.git
  specs:
    x (0.1.0)

GEM
  specs:
    nokogiri (1.15.0-x86_64-linux)
      racc (~> 1.4)
    racc (1.7.1)

DEPENDENCIES
  nokogiri (~> 1.15)
`;
  const facts = ofKind(await factsOf(gemfileLockReader, 'app/Gemfile.lock', text), 'package');
  expect(facts.map(({ purl }) => purl)).toEqual([
    'pkg:gem/x@0.1.0',
    'pkg:gem/nokogiri@1.15.0?platform=x86_64-linux',
    'pkg:gem/racc@1.7.1',
  ]);
  expect(facts[0]?.state).toBe('declared');
});
