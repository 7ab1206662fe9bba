import { expect, it } from 'vitest'
import { startGateway, storedIn } from './kit.ts'

const PIN = {
  index: 7528,
  unique_id: 'fbe53c66-3442-4773-b19e-d3ec6f54dddf',
  title: 'No Title Data Available',
  description: 'No description available Story format',
  poster_name: 'User Info Error',
  follower_count: 'User Info Error',
  tag_list: 'N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e',
  is_image_or_video: 'multi-video(story page format)',
  image_src: 'Image src error.',
  downloaded: 0,
  save_location: 'Local save in /data/mens-fashion',
  category: 'mens-fashion',
}

it('echoes a post and stores it in the topic pin', async () => {
  const { ask, to } = await startGateway()
  const body = JSON.stringify(PIN)
  const answer = await ask('POST', '/pin/', body, { 'content-type': 'application/json' })
  expect(answer).toMatchObject({ status: 200, text: body })
  expect(await ask('POST', '/pin', body)).toMatchObject({ status: 200 })
  expect((await storedIn(to, 'pin')).map(({ value }) => value)).toEqual([body, body])
})

it('says which field is wrong, and stores nothing', async () => {
  const { ask, to } = await startGateway()
  const { title, ...untitled } = PIN
  const wrong: [object, object[]][] = [
    [untitled, [{ loc: ['body', 'title'], type: 'missing' }]],
    [{ ...PIN, title: 5 }, [{ loc: ['body', 'title'], type: 'string_type' }]],
    [{ ...PIN, title: null }, [{ loc: ['body', 'title'], type: 'string_type' }]],
    [{ ...PIN, index: 'abc' }, [{ loc: ['body', 'index'], type: 'int_type' }]],
    [{ ...PIN, downloaded: 0.5 }, [{ loc: ['body', 'downloaded'], type: 'int_type' }]],
    [{ ...untitled, index: true }, [{ loc: ['body', 'index'] }, { loc: ['body', 'title'] }]],
  ]
  for (const [item, detail] of wrong) {
    expect(await ask('POST', '/pin/', JSON.stringify(item))).toMatchObject({ status: 422, json: { detail } })
  }
  expect(await ask('POST', '/pin/', '[]')).toMatchObject({ status: 422 })
  expect(await ask('POST', '/pin/', '{')).toMatchObject({ status: 400, json: { detail: expect.any(String) } })
  expect(await storedIn(to, 'pin')).toEqual([])
})
