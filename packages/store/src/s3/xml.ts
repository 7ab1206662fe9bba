/** The text in the first element of this name. S3 answers with elements alone: no attributes, comments or sections. */
export function element(xml: string, name: string): string | undefined {
  const start = xml.indexOf(`<${name}>`)
  if (start < 0) return undefined
  const from = start + name.length + 2
  const said = xml.slice(from, xml.indexOf(`</${name}>`, from))
  return said.includes('&') ? said.replace(REFERENCE, (_, reference: string) => meantBy(reference)) : said
}

const REFERENCE = /&(#?\w+);/g

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function meantBy(reference: string): string {
  if (!reference.startsWith('#')) return NAMED[reference] ?? `&${reference};`
  return String.fromCodePoint(Number(reference.slice(1).replace('x', '0x')))
}
