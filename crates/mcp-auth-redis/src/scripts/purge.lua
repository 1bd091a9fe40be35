-- Forgets what has ended, by the clock of the engine, and remembers until when.
-- KEYS: entries, users, ends, forgotten. ARGV: how many at most. Answers how many they were.
local now = redis.call('TIME')[1]
local count, last = 0, 0
for _, key in ipairs({KEYS[1], KEYS[3]}) do
  local ended = redis.call('ZRANGEBYSCORE', key, '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
  for at = 1, #ended, 2 do
    redis.call('ZREM', key, ended[at])
    if key == KEYS[3] then redis.call('HDEL', KEYS[2], ended[at]) end
    last = math.max(last, tonumber(ended[at + 1]))
    count = count + 1
  end
end
if last > tonumber(redis.call('GET', KEYS[4]) or 0) then
  redis.call('SET', KEYS[4], string.format('%d', last))
end
return count
