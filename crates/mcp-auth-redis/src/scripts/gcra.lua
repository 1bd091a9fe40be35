-- Counts a request at all of its rates or, where one is exceeded, at none (the generic cell rate algorithm).
-- KEYS: an arrival for each limit. ARGV: now in microseconds, or nothing for the engine's clock; then for each limit how many
-- microseconds lie between requests, and how many the arrival may be ahead of the clock. Answers for each limit how many requests
-- may follow at once, or how many milliseconds to wait as a negative number.
-- An arrival is when the next request is due in theory, in microseconds.
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local function write(key, due)
  redis.call('SET', key, string.format('%d', due), 'PX', string.format('%d', math.ceil((due - now) / 1000)))
end

local function read(key, burst)
  local held = tonumber(redis.call('GET', key) or now)
  if held > now + burst then
    -- The clock was set back since. Nobody is kept out until it has caught up.
    held = now + burst
    write(key, held)
  end
  return math.max(held, now)
end

local answer, counted, is_full = {}, {}, false
for at, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[2 * at]), tonumber(ARGV[2 * at + 1])
  local due = read(key, burst) + interval
  local early = due - now - burst
  if early > 0 then
    is_full = true
    answer[at] = -math.ceil(early / 1000)
  else
    answer[at] = math.floor((burst - (due - now)) / interval)
    counted[#counted + 1] = {key, due}
  end
end
if is_full then return answer end
for _, arrival in ipairs(counted) do
  write(unpack(arrival))
end
return answer
