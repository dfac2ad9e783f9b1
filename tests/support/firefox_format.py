"""What profiler.firefox.com's published types (src/types/profile.ts there, and the changelog of its
formats) say that a processed profile of version 57 has: members, kinds of values, and which table an
index is of. Facts only; complaints_about() compares a document with them."""

NUMBER, TEXT, FLAG, LIST = (int, float), str, bool, list
COLORS = {"transparent", "purple", "green", "orange", "yellow", "lightblue", "blue", "brown",
          "magenta", "red", "lightred", "darkgrey", "grey"}

META = {"interval": NUMBER, "startTime": NUMBER, "processType": NUMBER, "product": TEXT,
        "stackwalk": NUMBER, "version": NUMBER, "preprocessedProfileVersion": NUMBER,
        "markerSchema": LIST, "categories": LIST, "sampleUnits": dict, "symbolicated": FLAG}
THREAD = {"processType": TEXT, "processStartupTime": NUMBER, "registerTime": NUMBER,
          "pausedRanges": LIST, "name": TEXT, "isMainThread": FLAG, "processName": TEXT, "pid": TEXT,
          "tid": (int, str), "samples": dict, "markers": dict, "stackTable": dict,
          "frameTable": dict, "funcTable": dict, "resourceTable": dict, "nativeSymbols": dict}
NULLABLE_OF_THREAD = ("processShutdownTime", "unregisterTime")
LIB = {"arch": TEXT, "name": TEXT, "path": TEXT, "debugName": TEXT, "debugPath": TEXT,
       "breakpadId": TEXT}

# Columns: the kind of their values, or the table they are indexes of; "?": or null, "-": or -1.
TABLES = {
    "samples": {"stack": "stackTable?", "time": NUMBER, "weight": NUMBER},
    "markers": {"data": None, "name": "strings", "startTime": "number?", "endTime": "number?",
                "phase": NUMBER, "category": "categories"},
    "stackTable": {"frame": "frameTable", "prefix": "stackTable?"},
    "frameTable": {"address": NUMBER, "inlineDepth": NUMBER, "category": "categories?",
                   "subcategory": NUMBER, "func": "funcTable", "nativeSymbol": "nativeSymbols?",
                   "innerWindowID": NUMBER, "line": "number?", "column": "number?"},
    "funcTable": {"name": "strings", "isJS": FLAG, "relevantForJS": FLAG,
                  "resource": "resourceTable-", "fileName": "strings?", "lineNumber": "number?",
                  "columnNumber": "number?"},
    "resourceTable": {"lib": "libs?", "name": "strings", "host": "strings?", "type": NUMBER},
    "nativeSymbols": {"libIndex": "libs", "address": NUMBER, "name": "strings",
                      "functionSize": "number?"},
}


def is_kind(value, kind):
    if kind is not FLAG and isinstance(value, bool):
        return False
    return isinstance(value, kind)


def members(found, wanted, where):
    for name, kind in wanted.items():
        if name not in found:
            yield f"{where} has no {name}"
        elif not is_kind(found[name], kind):
            yield f"{where}.{name} is {found[name]!r}"


def column_complaints(values, kind, sizes, where):
    for i, value in enumerate(values):
        fits = True
        if kind is None:
            continue
        if not isinstance(kind, str):
            fits = is_kind(value, kind)
        elif kind == "number?":
            fits = value is None or is_kind(value, NUMBER)
        else:
            table = kind.rstrip("?-")
            fits = (value is None and kind.endswith("?")) or (value == -1 and kind.endswith("-")) or \
                (is_kind(value, int) and 0 <= value < sizes[table])
        if not fits:
            yield f"{where}[{i}] is {value!r}"


def thread_complaints(thread, where, shared_sizes):
    yield from members(thread, THREAD, where)
    for name in NULLABLE_OF_THREAD:
        if name not in thread or not (thread[name] is None or is_kind(thread[name], NUMBER)):
            yield f"{where} has no {name}"
    sizes = dict(shared_sizes)
    sizes.update((name, thread[name]["length"]) for name in TABLES)
    for name, columns in TABLES.items():
        table = thread[name]
        for column, kind in columns.items():
            if column not in table:
                yield f"{where}.{name} has no {column}"
                continue
            if len(table[column]) != table["length"]:
                yield f"{where}.{name}.{column} has {len(table[column])} of {table['length']}"
            yield from column_complaints(table[column], kind, sizes, f"{where}.{name}.{column}")
    for i, prefix in enumerate(thread["stackTable"]["prefix"]):
        if prefix is not None and prefix >= i:
            yield f"{where}.stackTable.prefix[{i}] is not before it"
    times = thread["samples"]["time"]
    if times != sorted(times):
        yield f"{where}.samples.time goes backwards"
    if thread["samples"]["weightType"] not in ("samples", "tracing-ms", "bytes"):
        yield f"{where}.samples.weightType"


def complaints_about(document):
    """What is not as it should be, as texts; an empty list if all is."""
    found = list(members(document, {"meta": dict, "libs": LIST, "shared": dict, "threads": LIST},
                         "profile"))
    if found:
        return found
    meta = document["meta"]
    found += members(meta, META, "meta")
    if meta["preprocessedProfileVersion"] != 57:
        found.append("another version than this knows")
    categories = meta["categories"]
    for category in categories:
        found += members(category, {"name": TEXT, "color": TEXT, "subcategories": LIST}, "category")
        if category["color"] not in COLORS:
            found.append(f"no colour {category['color']}")
        if category["subcategories"][:1] != ["Other"]:
            found.append("the first subcategory is not Other")
    if not any(category["color"] == "grey" for category in categories):
        found.append("no default category: none is grey")
    for schema in meta["markerSchema"]:
        found += members(schema, {"name": TEXT, "display": LIST, "fields": LIST}, "markerSchema")
        for field in schema["fields"]:
            found += members(field, {"key": TEXT, "format": TEXT}, "markerSchema.fields")
    for i, lib in enumerate(document["libs"]):
        found += members(lib, LIB, f"libs[{i}]")
        if "codeId" not in lib:
            found.append(f"libs[{i}] has no codeId")
    found += members(document["shared"], {"stringArray": LIST}, "shared")
    sizes = {"strings": len(document["shared"]["stringArray"]), "libs": len(document["libs"]),
             "categories": len(categories)}
    for i, thread in enumerate(document["threads"]):
        found += thread_complaints(thread, f"threads[{i}]", sizes)
    return found
