/** The document with which the editor starts for a new policy. */
export const examplePolicy = `schema: lazaret-policy/1
name: production
description: What may run in production.
# of the policies that apply to an image, the one with the highest priority decides
priority: 10
appliesTo:
  repositories: ['prod/**']

actions:
  # blocking, quarantine and deletion are opt-in, and dry runs until dryRun is false
  block: { enabled: true, dryRun: true, perHour: 10 }

rules:
  - id: malware
    description: A scanner or a deny list identified a file or package as malicious.
    severity: critical
    condition: findings.exists(f, f.class in ["malware", "known-bad"])
    message: '{{ evidence.map(f, f.rule).join(", ") }}'
    actions: [report, notify, block]

  - id: old-openssl
    severity: high
    require:
      package: { name: openssl, type: deb, minVersion: 3.0.15 }
    actions: [report, block]

tests:
  - name: an image without findings passes
    expect: { verdict: pass }

  - name: an old openssl fails
    facts: { packages: [{ type: deb, name: openssl, version: 3.0.2 }] }
    expect: { verdict: fail, matched: [old-openssl], actions: { block: dry-run } }
`;
