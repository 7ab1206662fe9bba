import { expect, test } from 'vitest'
import { changelogEntry, nextVersion, withEntry } from '../../build/changelog.ts'
import { packageSbom } from '../../build/sbom.ts'

test('a changelog has the newest release first, each commit once', () => {
  const first = withEntry('', changelogEntry('0.1.0', '2026-01-31', ['It begins']))
  const second = withEntry(first, changelogEntry('0.2.0', '2026-02-28', ['One thing', 'Another', 'One thing', '']))
  expect(second).toBe(`# Changelog

## 0.2.0 (2026-02-28)

- One thing
- Another

## 0.1.0 (2026-01-31)

- It begins
`)
})

test('an entry that was prepared before is replaced', () => {
  const once = withEntry('', changelogEntry('0.1.0', '2026-01-31', ['It begins']))
  expect(withEntry(once, changelogEntry('0.1.0', '2026-02-01', ['It begins', 'And goes on']))).toBe(
    '# Changelog\n\n## 0.1.0 (2026-02-01)\n\n- It begins\n- And goes on\n',
  )
})

test.each([
  ['patch', '1.2.4'],
  ['minor', '1.3.0'],
  ['major', '2.0.0'],
  ['1.3.0-rc.1', '1.3.0-rc.1'],
])('after 1.2.3 the %s is %s', (wanted, version) => {
  expect(nextVersion('1.2.3', wanted)).toBe(version)
})

test('a version that is none is refused', () => {
  expect(() => nextVersion('1.2.3', 'next')).toThrow('next is neither a version nor one of major, minor, patch')
})

test('the SBOM is that of the package, with what is bundled, and without the machine that made it', () => {
  const installation = {
    metadata: { component: { 'bom-ref': 'installation@0.0.0', name: 'installation' } },
    components: [
      {
        'bom-ref': 'millrace@1.0.0',
        name: 'millrace',
        externalReferences: [{ url: 'file:/tmp/x.tgz' }, { url: 'https://a' }],
      },
      { 'bom-ref': 'fastify@5.0.0', name: 'fastify', externalReferences: [{ url: 'git@github.com:f/fastify.git' }] },
    ],
    dependencies: [
      { ref: 'installation@0.0.0', dependsOn: ['millrace@1.0.0'] },
      { ref: 'millrace@1.0.0', dependsOn: ['fastify@5.0.0'] },
      { ref: 'fastify@5.0.0', dependsOn: [] },
    ],
  }
  const sbom = packageSbom(installation, 'millrace', [{ name: '@a/b', version: '2.0.0', license: 'MIT' }])
  expect(sbom.metadata.component).toMatchObject({ name: 'millrace', externalReferences: [{ url: 'https://a' }] })
  expect(sbom.components.map(({ name }) => name)).toEqual(['fastify', '@a/b'])
  expect(sbom.components[0]?.externalReferences).toEqual([{ url: 'ssh://git@github.com/f/fastify.git' }])
  expect(sbom.components[1]).toMatchObject({ purl: 'pkg:npm/%40a/b@2.0.0' })
  expect(sbom.dependencies).toEqual([
    { ref: 'millrace@1.0.0', dependsOn: ['fastify@5.0.0', '@a/b@2.0.0#bundled'] },
    { ref: 'fastify@5.0.0', dependsOn: [] },
    { ref: '@a/b@2.0.0#bundled', dependsOn: [] },
  ])
})
