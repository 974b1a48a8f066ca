/** A report as a CycloneDX 1.6 bill of materials (https://cyclonedx.org/docs/1.6/json/). */
import { notChecked, type InspectionReport } from '@lazaret/protocol';

import { collectComponents, createRefs, type Component } from './components.ts';
import {
  describeFile,
  describeOperatingSystem,
  describePackage,
  property,
  type Described,
  type Property,
} from './cyclonedx-component.ts';
import { describeVulnerabilities } from './cyclonedx-vulnerability.ts';
import { resolveDependencies } from './dependencies.ts';
import {
  imagePurl,
  platformText,
  reportUuid,
  subjectName,
  type ReportOptions,
} from './report-identity.ts';

/** A CycloneDX document as plain JSON. */
export type CycloneDx = Readonly<Record<string, unknown>>;

/**
 * Every package is one component, with one or several locations; packages hidden by a later
 * layer have the scope `excluded`. Linear in the size of the report.
 */
export function toCycloneDx(report: InspectionReport, options: ReportOptions = {}): CycloneDx {
  const { list, byPurl } = collectComponents(report);
  const root = rootRef(report);
  const takeRef = createRefs();
  for (const ref of [root, ...list.map(({ ref }) => ref)]) takeRef(ref);
  const files = options.files === true ? (report.files ?? []) : [];
  const system = describeOperatingSystem(report, takeRef);
  const components: Described[] = [
    ...(system === undefined ? [] : [system]),
    ...list.map((component) => describePackage(component, report)),
    ...files.filter(({ type }) => type === 'file').map((file) => describeFile(file, takeRef)),
  ];
  const vulnerabilities = describeVulnerabilities(report, { byPurl, root, takeRef });
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${reportUuid(report, 'cyclonedx')}`,
    version: 1,
    metadata: {
      ...(options.timestamp === undefined ? {} : { timestamp: options.timestamp }),
      tools: {
        components: [
          { type: 'application', name: report.tool.name, version: short(report.tool.version) },
        ],
      },
      component: describeSubject(report, root),
    },
    components,
    dependencies: listDependencies(list, root),
    compositions: [
      // content that was not examined may have more
      {
        aggregate: report.coverage.complete ? 'complete' : 'incomplete',
        assemblies: [root],
      },
      { aggregate: 'incomplete', dependencies: [root] },
    ],
    ...(vulnerabilities.length === 0 ? {} : { vulnerabilities }),
  };
}

/** The image itself, or the directory. */
function describeSubject(report: InspectionReport, root: string): Described {
  const { image } = report;
  const digest = /^sha256:([0-9a-f]{64})$/.exec(image?.manifestDigest ?? '')?.[1];
  const purl = imagePurl(report);
  return {
    type: image === undefined || image.artifactType !== undefined ? 'file' : 'container',
    'bom-ref': root,
    name: subjectName(report),
    ...(image?.manifestDigest === undefined ? {} : { version: image.manifestDigest }),
    ...(purl === undefined ? {} : { purl }),
    ...(digest === undefined ? {} : { hashes: [{ alg: 'SHA-256', content: digest }] }),
    properties: subjectProperties(report),
  };
}

function subjectProperties(report: InspectionReport): readonly Property[] {
  const { image, source, verdict, coverage } = report;
  return [
    property('source:kind', source.kind),
    property('source:reference', source.reference),
    property('platform', platformText(report)),
    property('image:artifactType', image?.artifactType),
    property('image:indexDigest', image?.indexDigest),
    property('image:configDigest', image?.configDigest),
    ...(image?.names ?? []).map((name) => property('image:name', name)),
    ...report.layers.flatMap((layer) => [
      property(`layer:${layer.index}:diffId`, layer.diffId),
      property(`layer:${layer.index}:digest`, layer.digest),
      property(`layer:${layer.index}:createdBy`, layer.createdBy),
      property(`layer:${layer.index}:state`, layer.state),
    ]),
    property('verdict', verdict.state),
    ...verdict.reasons.map((reason) => property('verdict:reason', reason)),
    property('coverage', coverage.complete ? 'complete' : 'partial'),
    ...notChecked(report).map(({ what }) => property('coverage:notChecked', what)),
    property('coverage:gaps', String(coverage.gapCount)),
    property('fingerprint', report.fingerprint),
  ].flat();
}

/** Each component with its dependencies; the image depends on those that nothing else requires. */
function listDependencies(
  components: readonly Component[],
  root: string,
): readonly { ref: string; dependsOn?: readonly string[] }[] {
  const graph = resolveDependencies(components);
  const needed = new Set([...graph.values()].flat());
  const tops = components.filter(({ ref, visible }) => visible && !needed.has(ref));
  return [
    { ref: root, dependsOn: tops.map(({ ref }) => ref) },
    ...components.flatMap(({ ref }) => {
      const dependsOn = graph.get(ref);
      return dependsOn === undefined ? [] : [{ ref, dependsOn }];
    }),
  ];
}

function rootRef(report: InspectionReport): string {
  return imagePurl(report) ?? `${report.source.kind}:${subjectName(report)}`;
}

const versionCharsMax = 1_024;

function short(version: string): string {
  return version.slice(0, versionCharsMax);
}
