import stringWidth from 'string-width'

/** Truncates a text to so many columns of the screen. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text
  let kept = ''
  let room = width - 1
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    room -= stringWidth(segment)
    if (room < 0) break
    kept += segment
  }
  return `${kept}…`
}
