/**
 * The groups of well-known libraries that are released without Maven's files in their archives, so
 * that nothing in them names it. Keys ending in `-` match all artifacts that begin with them.
 */
const groups: Readonly<Record<string, readonly string[]>> = {
  aopalliance: ['aopalliance'],
  cglib: ['cglib', 'cglib-nodep'],
  'com.fasterxml.jackson.core': ['jackson-core', 'jackson-databind', 'jackson-annotations'],
  'com.github.ben-manes.caffeine': ['caffeine'],
  'com.google.code.findbugs': ['jsr305'],
  'com.google.inject': ['guice'],
  'com.google.inject.extensions': ['guice-'],
  'com.google.protobuf': ['protobuf-java', 'protobuf-java-util', 'protobuf-javalite'],
  'com.h2database': ['h2'],
  'com.jayway.jsonpath': ['json-path'],
  'com.mysql': ['mysql-connector-j'],
  'com.squareup.okhttp3': ['okhttp', 'okhttp-'],
  'com.squareup.okio': ['okio', 'okio-'],
  'com.squareup.retrofit2': ['retrofit'],
  'com.thoughtworks.xstream': ['xstream'],
  'commons-beanutils': ['commons-beanutils'],
  'commons-cli': ['commons-cli'],
  'commons-codec': ['commons-codec'],
  'commons-collections': ['commons-collections'],
  'commons-digester': ['commons-digester'],
  'commons-fileupload': ['commons-fileupload'],
  'commons-httpclient': ['commons-httpclient'],
  'commons-io': ['commons-io'],
  'commons-lang': ['commons-lang'],
  'commons-logging': ['commons-logging', 'commons-logging-'],
  dom4j: ['dom4j'],
  'info.picocli': ['picocli', 'picocli-'],
  'io.micrometer': ['micrometer-'],
  'io.opentelemetry': [
    'opentelemetry-api',
    'opentelemetry-context',
    'opentelemetry-sdk',
    'opentelemetry-sdk-',
    'opentelemetry-exporter-',
  ],
  'io.projectreactor': ['reactor-core'],
  junit: ['junit'],
  log4j: ['log4j'],
  mysql: ['mysql-connector-java'],
  'net.java.dev.jna': ['jna', 'jna-platform'],
  'org.apache.ant': ['ant', 'ant-'],
  'org.apache.groovy': ['groovy', 'groovy-'],
  'org.apache.kafka': ['kafka-'],
  'org.apache.tomcat': ['tomcat-'],
  'org.apache.tomcat.embed': ['tomcat-embed-'],
  'org.apache.velocity': ['velocity', 'velocity-'],
  'org.bouncycastle': ['bcprov-', 'bcpkix-', 'bcutil-', 'bcpg-', 'bcmail-', 'bctls-'],
  'org.checkerframework': ['checker-qual'],
  'org.elasticsearch': ['elasticsearch', 'elasticsearch-'],
  'org.hibernate.orm': ['hibernate-core'],
  'org.hsqldb': ['hsqldb'],
  'org.jdom': ['jdom', 'jdom2'],
  'org.jetbrains.kotlin': ['kotlin-'],
  'org.jetbrains.kotlinx': ['kotlinx-'],
  'org.junit.jupiter': ['junit-jupiter', 'junit-jupiter-'],
  'org.junit.platform': ['junit-platform-'],
  'org.mongodb': ['bson', 'mongo-java-driver', 'mongodb-driver', 'mongodb-driver-'],
  'org.ow2.asm': ['asm', 'asm-'],
  'org.postgresql': ['postgresql'],
  'org.scala-lang': ['scala-library', 'scala-reflect', 'scala-compiler'],
  'org.springframework': ['spring-'],
  'org.springframework.boot': ['spring-boot', 'spring-boot-'],
  'org.springframework.security': ['spring-security-'],
  'org.thymeleaf': ['thymeleaf'],
  'org.xerial': ['sqlite-jdbc'],
  'xml-apis': ['xml-apis'],
};
/** Other projects with the same prefix. */
const others: ReadonlySet<string> = new Set([
  ...['spring-data', 'spring-cloud', 'spring-integration', 'spring-session', 'spring-kafka'],
  ...[
    'spring-batch',
    'spring-ws',
    'spring-hateoas',
    'spring-retry',
    'spring-plugin',
    'spring-amqp',
  ],
  ...['spring-graphql', 'spring-ldap', 'spring-statemachine', 'spring-vault', 'spring-rabbit'],
]);

const groupOfName = new Map(
  Object.entries(groups).flatMap(([group, names]) => names.map((name) => [name, group] as const)),
);

/** The longest known name or prefix decides. */
export function wellKnownGroup(artifact: string): string | undefined {
  const exact = groupOfName.get(artifact);
  if (exact !== undefined) return exact;
  let dash = artifact.lastIndexOf('-');
  while (dash > 0) {
    if (others.has(artifact.slice(0, dash))) return undefined;
    const group = groupOfName.get(artifact.slice(0, dash + 1));
    if (group !== undefined) return others.has(artifact) ? undefined : group;
    dash = artifact.lastIndexOf('-', dash - 1);
  }
  return undefined;
}
