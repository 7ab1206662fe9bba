import { brokenOff } from './errors.ts'

/** Returns the text of the first element of this name. S3's answers have no attributes, comments or sections. */
export function element(xml: string, name: string): string | undefined {
  const start = xml.indexOf(`<${name}>`)
  if (start < 0) return undefined
  const from = start + name.length + 2
  const end = xml.indexOf(`</${name}>`, from)
  if (end < 0) return undefined
  const said = xml.slice(from, end)
  return said.includes('&') ? said.replace(REFERENCE, (_, reference: string) => meantBy(reference)) : said
}

/** Yields the content of all elements of this name, in one pass. */
export function* elements(xml: string, name: string): Generator<string> {
  const [opening, closing] = [`<${name}>`, `</${name}>`]
  for (let start = xml.indexOf(opening); start >= 0; ) {
    const from = start + opening.length
    const end = xml.indexOf(closing, from)
    if (end < 0) throw brokenOff(`an answer does not end its <${name}>`)
    yield xml.slice(from, end)
    start = xml.indexOf(opening, end)
  }
}

const REFERENCE = /&(#?\w{1,16});/g

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function meantBy(reference: string): string {
  if (!reference.startsWith('#')) return NAMED[reference] ?? `&${reference};`
  const code = Number(reference.slice(1).replace('x', '0x'))
  return code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
}
