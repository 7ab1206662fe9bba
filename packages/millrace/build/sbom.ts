import type { BundledPackage } from './bundled.ts'

interface Component {
  readonly 'bom-ref': string
  readonly name: string
  readonly externalReferences?: readonly { readonly url: string }[]
}

/** As much of CycloneDX as is touched here. */
export interface Sbom {
  readonly metadata: { readonly component: Component }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[]
}

/**
 * Makes the SBOM of a package of what npm says of an installation that holds nothing else: the package is its subject,
 * and the packages whose code is part of it, which npm does not know of, are listed too.
 */
export function packageSbom(installation: Sbom, name: string, bundled: readonly BundledPackage[]): Sbom {
  const subject = installation.components.find((each) => each.name === name)
  if (!subject) throw new Error(`the installation has no ${name}`)
  const root = installation.metadata.component['bom-ref']
  const references = (subject.externalReferences ?? []).filter(({ url }) => !url.startsWith('file:'))
  const components = bundled.map(bundledComponent)
  const refs = components.map((each) => each['bom-ref'])
  const dependencies = installation.dependencies
    .filter(({ ref }) => ref !== root)
    .map((each) =>
      each.ref === subject['bom-ref'] ? { ...each, dependsOn: [...(each.dependsOn ?? []), ...refs] } : each,
    )
  return {
    ...installation,
    metadata: { ...installation.metadata, component: { ...subject, externalReferences: references } },
    components: [...installation.components.filter((each) => each !== subject).map(withUrls), ...components],
    dependencies: [...dependencies, ...refs.map((ref) => ({ ref, dependsOn: [] }))],
  }
}

/** A package may name its repository as git does, `git@host:path`; CycloneDX takes URLs. */
function withUrls(component: Component): Component {
  const references = component.externalReferences?.map((each) => ({
    ...each,
    url: each.url.replace(/^([\w.-]+@[\w.-]+):(?!\/\/)/, 'ssh://$1/'),
  }))
  return references ? { ...component, externalReferences: references } : component
}

function bundledComponent({ name, version, license }: BundledPackage) {
  return {
    type: 'library',
    'bom-ref': `${name}@${version}#bundled`,
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    licenses: [{ license: { id: license } }],
    properties: [{ name: 'millrace:bundled', value: 'true' }],
  }
}
