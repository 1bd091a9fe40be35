-- Counts a request in all of its moving windows or, where one is full, in none.
-- KEYS: a log for each limit. ARGV: now in microseconds, or nothing for the engine's clock; then for each limit how many requests,
-- how long its window is, and to how many milliseconds moments are rounded up. Answers for each limit how many requests remain, or
-- how many milliseconds to wait as a negative number.
-- A log is pairs, soonest first: when requests stop counting in milliseconds, and how many.
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
now = math.floor(now / 1000)

local function write(key, entries)
  local pairs_of = {}
  for at, entry in ipairs(entries) do
    pairs_of[at] = string.format('%d %d', entry[1], entry[2])
  end
  local left = entries[#entries][1] - now
  redis.call('SET', key, table.concat(pairs_of, ' '), 'PX', string.format('%d', left))
end

-- The entries that still count, none for longer than `latest`, and how many requests they are.
local function read(key, latest)
  local entries, count, is_late = {}, 0, false
  for ends_at, requests in (redis.call('GET', key) or ''):gmatch('(%d+) (%d+)') do
    ends_at, requests = tonumber(ends_at), tonumber(requests)
    if ends_at > now then
      is_late = is_late or ends_at > latest
      entries[#entries + 1] = {math.min(ends_at, latest), requests}
      count = count + requests
    end
  end
  -- The clock was set back since. Nobody is kept out until it has caught up.
  if is_late then write(key, entries) end
  return entries, count
end

-- Where the last one counts as long, they are one entry.
local function add(entries, ends_at)
  local last = entries[#entries]
  if last and last[1] >= ends_at then
    last[2] = last[2] + 1
  else
    entries[#entries + 1] = {ends_at, 1}
  end
end

local answer, counted, is_full = {}, {}, false
for at, key in ipairs(KEYS) do
  local amount, length, grain = tonumber(ARGV[3 * at - 1]), tonumber(ARGV[3 * at]), tonumber(ARGV[3 * at + 1])
  local latest = math.ceil((now + length) / grain) * grain
  local entries, count = read(key, latest)
  if count >= amount then
    is_full = true
    -- There are never more than the amount, so one that leaves makes room.
    answer[at] = now - entries[1][1]
  else
    answer[at] = amount - count - 1
    add(entries, latest)
    counted[#counted + 1] = {key, entries}
  end
end
if is_full then return answer end
for _, log in ipairs(counted) do
  write(log[1], log[2])
end
return answer
