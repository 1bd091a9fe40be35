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
local answer, counted, is_full = {}, {}, false
for at, key in ipairs(KEYS) do
  local amount, length = tonumber(ARGV[2 * at]), tonumber(ARGV[2 * at + 1])
  local count, ends_at = 0, now + length
  local held = redis.call('GET', key)
  if held then
    local held_count, held_end = held:match('^(%d+) (%d+)$')
    if tonumber(held_end) > now then count, ends_at = tonumber(held_count), tonumber(held_end) end
  end
  if count >= amount then
    is_full = true
    -- A clock that was set back must not keep anybody out for longer than the window.
    answer[at] = -math.min(ends_at - now, length)
  else
    answer[at] = amount - count - 1
    counted[#counted + 1] = {key, count + 1, ends_at}
  end
end
if is_full then return answer end
for _, window in ipairs(counted) do
  local key, count, ends_at = unpack(window)
  redis.call('SET', key, string.format('%d %d', count, ends_at), 'PX', string.format('%d', ends_at - now))
end
return answer
