-- Counts a request in all of its windows or, where one is full, in none.
-- KEYS: a window for each limit. ARGV: now in microseconds, or nothing for the engine's clock; then for each limit how many
-- requests, and how long its window is in milliseconds. Answers for each limit how many requests remain, or how many milliseconds
-- to wait as a negative number.
-- A window is its requests, and when it closes in milliseconds.
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
now = math.floor(now / 1000)

local function write(key, count, ends_at)
  redis.call('SET', key, string.format('%d %d', count, ends_at), 'PX', string.format('%d', ends_at - now))
end

-- How many requests count, and until when.
local function read(key, length)
  local count, ends_at = (redis.call('GET', key) or ''):match('^(%d+) (%d+)$')
  count, ends_at = tonumber(count), tonumber(ends_at)
  if not count or ends_at <= now then return 0, now + length end
  if ends_at > now + length then
    -- The clock was set back since. Nobody is kept out until it has caught up.
    ends_at = now + length
    write(key, count, ends_at)
  end
  return count, ends_at
end

local answer, counted, is_full = {}, {}, false
for at, key in ipairs(KEYS) do
  local amount, length = tonumber(ARGV[2 * at]), tonumber(ARGV[2 * at + 1])
  local count, ends_at = read(key, length)
  if count >= amount then
    is_full = true
    answer[at] = now - ends_at
  else
    answer[at] = amount - count - 1
    counted[#counted + 1] = {key, count + 1, ends_at}
  end
end
if is_full then return answer end
for _, window in ipairs(counted) do
  write(unpack(window))
end
return answer
