"""Just enough of Protocol Buffers' wire format to read what prof writes for pprof."""


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """Field number -> its values in order: numbers, or the bytes of texts and messages."""
    found = {}
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            size, at = varint(data, at)
            assert at + size <= len(data), "a field that ends behind its message"
            value, at = data[at:at + size], at + size
        else:
            raise AssertionError(f"wire type {tag & 7}")
        found.setdefault(tag >> 3, []).append(value)
    return found


def packed(data):
    values, at = [], 0
    while at < len(data):
        value, at = varint(data, at)
        values.append(value)
    return values


class Pprof:
    """profile.proto, read whole."""

    def __init__(self, data):
        top = fields(data)
        self.texts = [text.decode() for text in top[6]]
        assert self.texts[0] == ""
        self.types = [(self.text(f, 1), self.text(f, 2)) for f in map(fields, top[1])]
        self.functions = {f[1][0]: self.text(f, 2) for f in map(fields, top[5])}
        self.files = {f[1][0]: self.text(f, 4) for f in map(fields, top[5])}
        self.mappings = {f[1][0]: (self.text(f, 5), self.text(f, 6)) for f in map(fields, top.get(3, []))}
        self.locations = {}
        for f in map(fields, top[4]):
            lines = [(self.functions[line[1][0]], line.get(2, [0])[0]) for line in map(fields, f[4])]
            self.locations[f[1][0]] = (f.get(2, [0])[0], lines)
        self.samples = []
        for f in map(fields, top[2]):
            labels = {}
            for label in map(fields, f.get(3, [])):
                labels[self.text(label, 1)] = self.text(label, 2) or label.get(3, [0])[0]
            self.samples.append((packed(f[1][0]), packed(f[2][0]), labels))

    def text(self, message, field):
        return self.texts[message.get(field, [0])[0]]

    def stack(self, sample):
        """Names from the root to the leaf."""
        names = [name for location in sample[0] for name, _ in self.locations[location][1]]
        return names[::-1]
