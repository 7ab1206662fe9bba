/** Writes an array of PostgreSQL, such as {1,NULL,"a b"} or {{1,2},{3,4}}, as JSON. */
export function parseArray(text: string, delimiter: string, element: (text: string) => string): string {
  // Bounds that are not those of everybody stand before it: [0:2]={…}.
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0
  const quotedItem = (): string => {
    let item = ''
    for (at++; text[at] !== '"'; at++) {
      if (at >= text.length) throw new RangeError('a text in an array has no end')
      if (text[at] === '\\') at++
      item += text[at]
    }
    at++
    return element(item)
  }
  const plainItem = (): string => {
    const start = at
    while (at < text.length && text[at] !== delimiter && text[at] !== '}') at += text[at] === '\\' ? 2 : 1
    const item = text.slice(start, at)
    return item.toUpperCase() === 'NULL' ? 'null' : element(item.replace(/\\(.)/gs, '$1'))
  }
  const array = (): string => {
    const items: string[] = []
    for (at++; text[at] !== '}'; ) {
      if (at >= text.length) throw new RangeError('an array has no end')
      if (text[at] === '{') items.push(array())
      else items.push(text[at] === '"' ? quotedItem() : plainItem())
      if (text[at] === delimiter) at++
    }
    at++
    return `[${items.join(',')}]`
  }
  return array()
}
