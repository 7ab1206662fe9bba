/** Returns the anchors of a page's headings, as GitHub and the website make them. */
export function headingsOf(page: string): string[] {
  const prose = page.replaceAll(/^ *```[\s\S]*?^ *```/gm, '')
  const seen = new Map<string, number>()
  return [...prose.matchAll(/^#{1,6} +(.*)$/gm)].map(([, heading = '']) => {
    const slug = slugOf(heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1'))
    const times = seen.get(slug) ?? 0
    seen.set(slug, times + 1)
    return times === 0 ? slug : `${slug}-${times}`
  })
}

export function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')
}
