/** Text that is markup. All other text is escaped when it is put into markup. */
export interface Html {
  readonly markup: string
}

type Part = string | number | Html | undefined | readonly Part[]

/** Template tag for markup. It keeps the template and escapes the values, unless they are markup. */
export function html(template: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: template.map((text, i) => text + (i < parts.length ? markupOf(parts[i]) : '')).join('') }
}

function markupOf(part: Part): string {
  if (part === undefined) return ''
  if (typeof part === 'string') return escapeHtml(part)
  if (typeof part === 'number') return String(part)
  return 'markup' in part ? part.markup : part.map(markupOf).join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Characters that HTML can't represent: control characters, lone surrogates and noncharacters. */
const UNWRITABLE = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu

function escapeHtml(text: string): string {
  return text
    .replace(UNWRITABLE, (character) => ('\t\n'.includes(character) ? character : '\uFFFD'))
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
