-- Forgets what has ended, by the clock of the engine, and remembers until when. That it remembers first: a program that fails
-- in the middle is not undone.
-- KEYS: entries, users, ends, forgotten. ARGV: how many at most. Answers how many they were.
local now = redis.call('TIME')[1]
local count, last = 0, 0
local ended = {}
for _, key in ipairs({KEYS[1], KEYS[3]}) do
  ended[key] = redis.call('ZRANGEBYSCORE', key, '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
  for at = 2, #ended[key], 2 do
    last = math.max(last, tonumber(ended[key][at]))
  end
end
if last > tonumber(redis.call('GET', KEYS[4]) or 0) then
  redis.call('SET', KEYS[4], string.format('%d', last))
end
for key, those in pairs(ended) do
  for at = 1, #those, 2 do
    if key == KEYS[3] then redis.call('HDEL', KEYS[2], those[at]) end
    redis.call('ZREM', key, those[at])
    count = count + 1
  end
end
return count
