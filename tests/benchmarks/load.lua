-- What wrk sends, and how it judges what comes back. `load.py` starts it:
--   wrk ... --script load.lua URL -- TEMPLATE FIRST SUCCESS
-- TEMPLATE is a file with the message, FIRST the number of the first person in it, SUCCESS a pattern in every good answer.
-- Every call is about the next person, as `message.py` makes them. At the end one line of JSON tells the counts.

local SYLLABLES = { [0] = "ba", "ce", "di", "fo", "gu", "la", "me", "ni", "ro", "su" }
local GIVEN_NAMES = { [0] = "Ada", "Bruno", "Clara", "David", "Elif", "Felix", "Greta", "Henry", "Ines", "Jonas" }

local the_thread

function setup(thread)
  the_thread = thread -- there is one: `load.py` says so
end

local pieces, places, success = {}, {}, nil

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  local template = file:read("*a")
  file:close()
  next_number, success = tonumber(arguments[2]), arguments[3]
  acknowledged, refused, unsuccessful, example = 0, 0, 0, ""
  local from = 1
  for before, name, after in template:gmatch("()@(%u+)@()") do
    pieces[#pieces + 1] = template:sub(from, before - 1)
    pieces[#pieces + 1] = ""
    places[#places + 1] = { #pieces, name }
    from = after
  end
  pieces[#pieces + 1] = template:sub(from)
end

local function syllable(digit)
  return SYLLABLES[tonumber(digit)]
end

function request()
  local number = next_number
  next_number = number + 1
  local digits = string.format("%08d", number)
  local family = digits:gsub("%d", syllable)
  local values = {
    NUMBER = digits,
    UUID = string.format("b0000000-0000-4000-8000-%012d", number),
    GIVEN = GIVEN_NAMES[number % 10],
    FAMILY = family:sub(1, 1):upper() .. family:sub(2),
  }
  for _, place in ipairs(places) do
    pieces[place[1]] = values[place[2]]
  end
  return wrk.format("POST", nil, nil, table.concat(pieces))
end

function response(status, _, body)
  if status ~= 200 then
    refused = refused + 1
  elseif not body:find(success) then
    unsuccessful = unsuccessful + 1
  else
    acknowledged = acknowledged + 1
    return
  end
  if example == "" then
    example = status .. " " .. body:sub(1, 600)
  end
end

local function quoted(text)
  return '"' .. text:gsub('[%c"\\]', " ") .. '"'
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "acknowledged": %d, "refused": %d, "unsuccessful": %d, '
      .. '"broken": %d, "late": %d, "sent": %d, "example": %s}\n',
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    the_thread:get("acknowledged"), the_thread:get("refused"), the_thread:get("unsuccessful"),
    errors.connect + errors.read + errors.write, errors.timeout, summary.requests, quoted(the_thread:get("example"))))
end
