"""Turns an SQL file into a C header with its text: IN OUT NAME."""
import sys

source, target, name = sys.argv[1:4]
with open(source, 'rb') as f:
    text = f.read() + b'\0'
rows = [text[i:i + 15] for i in range(0, len(text), 15)]
with open(target, 'w', encoding='ascii') as f:
    f.write(f'static const char {name}[] = {{\n')
    for row in rows:
        f.write('    ' + ' '.join(f'{byte},' for byte in row) + '\n')
    f.write('};\n')
