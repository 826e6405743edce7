"""Rules of the authored WSDL files: document/literal, bare, named alike everywhere, SOAP 1.1 and 1.2 at one address."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from lxml import etree

from leadbridge.contract.operations import SOAP, SOAP12, WSDL
from leadbridge.contract.rules import XS, File, Finding, form_findings, is_text, prefix_findings, resolve
from leadbridge.contract.schema_rules import COMMON

FAULT = "StandardMessageFault"
_HTTP = "http://schemas.xmlsoap.org/soap/http"
_NS = {"wsdl": WSDL, "soap": SOAP, "soap12": SOAP12, "xs": XS}
_VERSIONS = (("Soap11", SOAP), ("Soap12", SOAP12))


def wsdl_findings(file: File, schemas: Mapping[str, File]) -> Iterator[Finding]:
    """What one WSDL does against the rules; `schemas` are all schema files, by file name."""
    root = file.root
    service = file.name.removesuffix(".wsdl")
    if root.tag != f"{{{WSDL}}}definitions":
        yield file.finding(root, "wsdl", "the root of a WSDL is wsdl:definitions")
        return
    if not is_text(root, "name", service):
        yield file.finding(root, "wsdl", f"the definitions are named {service}, as the file is")
    yield from prefix_findings(file)
    yield from _types(file, schemas)
    yield from _messages(file)
    yield from _port_type(file, service)
    for version, namespace in _VERSIONS:
        yield from _binding(file, f"{service}{version}Binding", namespace)
    yield from _service(file, service)


def request_findings(files: Sequence[File]) -> Iterator[Finding]:
    """Each request element belongs to one operation, because the Body alone says which operation is called."""
    owners: dict[tuple[str | None, str], str] = {}
    names: Counter[str] = Counter()
    for file in files:
        elements = {
            message.get("name"): resolve(part, part.get("element", ""))
            for message in file.root.iterfind("wsdl:message", _NS)
            for part in message.iterfind("wsdl:part", _NS)
        }
        for operation in file.root.iterfind("wsdl:portType/wsdl:operation", _NS):
            name = operation.get("name", "")
            names[name] += 1
            if names[name] > 1:
                yield file.finding(operation, "operation", f"another service has an operation {name}")
            taken = operation.find("wsdl:input", _NS)
            message = None if taken is None else resolve(taken, taken.get("message", ""))[1]
            element = elements.get(message)
            if element is not None and owners.setdefault(element, name) != name:
                text = f"the request of {name} is also that of {owners[element]}"
                yield file.finding(operation, "request-reuse", text)


def _types(file: File, schemas: Mapping[str, File]) -> Iterator[Finding]:
    found = list(file.root.iterfind("wsdl:types/xs:schema", _NS))
    if len(found) != 1:
        yield file.finding(file.root, "types", "wsdl:types holds one schema, which imports")
    for schema in found:
        yield from form_findings(file, schema)
        for part in schema.iter(etree.Element):
            if part is not schema and part.tag != f"{{{XS}}}import":
                yield file.finding(part, "types", "nothing is declared in a WSDL: types live in the schemas")
        for used in schema.iterfind("xs:import", _NS):
            location = used.get("schemaLocation", "")
            target = schemas.get(location.removeprefix("../xsd/"))
            if target is None or not location.startswith("../xsd/"):
                yield file.finding(used, "import", "an import is ../xsd/ and the name of a schema")
            elif target.root.get("targetNamespace") != used.get("namespace"):
                yield file.finding(used, "import", "the imported file has another namespace")


def _messages(file: File) -> Iterator[Finding]:
    for message in file.root.iterfind("wsdl:message", _NS):
        name = message.get("name", "")
        parts = list(message.iterfind("wsdl:part", _NS))
        expected = "fault" if name == FAULT else "parameters"
        if len(parts) != 1 or not is_text(parts[0], "name", expected):
            yield file.finding(message, "message", f"a message has one part, named {expected}")
            continue
        namespace = COMMON if name == FAULT else file.root.get("targetNamespace")
        if resolve(parts[0], parts[0].get("element", "")) != (namespace, name):
            yield file.finding(message, "message", "a message is the element of its own name")


def _port_type(file: File, service: str) -> Iterator[Finding]:
    port_types = list(file.root.iterfind("wsdl:portType", _NS))
    if [one.get("name") for one in port_types] != [service]:
        yield file.finding(file.root, "port-type", f"there is one portType, named {service}")
    for operation in file.root.iterfind("wsdl:portType/wsdl:operation", _NS):
        name = operation.get("name", "")
        if not operation.findtext("wsdl:documentation", "", _NS).strip():
            yield file.finding(operation, "documentation", f"{name} has no documentation")
        if operation.find("wsdl:input", _NS) is None or operation.find("wsdl:output", _NS) is None:
            yield file.finding(operation, "operation", f"{name} has an input and an output")
        faults = [
            (fault.get("name"), resolve(fault, fault.get("message", "")))
            for fault in operation.iterfind("wsdl:fault", _NS)
        ]
        if faults != [(FAULT, (file.root.get("targetNamespace"), FAULT))]:
            yield file.finding(operation, "fault", f"{name} declares the fault {FAULT} and no other")


def _binding(file: File, name: str, soap: str) -> Iterator[Finding]:
    found = [one for one in file.root.iterfind("wsdl:binding", _NS) if one.get("name") == name]
    if len(found) != 1:
        yield file.finding(file.root, "binding", f"there is one binding {name}")
        return
    (binding,) = found
    service = file.name.removesuffix(".wsdl")
    if resolve(binding, binding.get("type", "")) != (file.root.get("targetNamespace"), service):
        yield file.finding(binding, "binding", f"the binding is of the portType {service}")
    protocol = binding.find(f"{{{soap}}}binding")
    if protocol is None or not is_text(protocol, "style", "document") or not is_text(protocol, "transport", _HTTP):
        yield file.finding(binding, "binding", "the binding is of style document over HTTP, of its own SOAP version")
    declared = [one.get("name") for one in file.root.iterfind("wsdl:portType/wsdl:operation", _NS)]
    if [one.get("name") for one in binding.iterfind("wsdl:operation", _NS)] != declared:
        yield file.finding(binding, "binding", "the binding has the operations of the portType, in their order")
    for operation in binding.iterfind("wsdl:operation", _NS):
        yield from _bound_operation(file, operation, soap)


def _bound_operation(file: File, operation: etree._Element, soap: str) -> Iterator[Finding]:
    name = operation.get("name")
    action = f"{file.root.get('targetNamespace')}:{name}"
    bound = operation.find(f"{{{soap}}}operation")
    if bound is None or not is_text(bound, "soapAction", action):
        yield file.finding(operation, "soap-action", f"the soapAction of {name} is {action}")
    if bound is not None and not is_text(bound, "style", "document"):
        yield file.finding(operation, "literal", f"{name} is of style document")
    for way in ("input", "output"):
        body = operation.find(f"wsdl:{way}/{{{soap}}}body", _NS)
        if body is None or not is_text(body, "use", "literal"):
            yield file.finding(operation, "literal", f"the {way} of {name} is literal")
    fault = operation.find(f"wsdl:fault[@name='{FAULT}']/{{{soap}}}fault", _NS)
    if fault is None or not is_text(fault, "use", "literal") or not is_text(fault, "name", FAULT):
        yield file.finding(operation, "fault", f"{name} binds the fault {FAULT} as literal")


def _service(file: File, service: str) -> Iterator[Finding]:
    found = list(file.root.iterfind("wsdl:service", _NS))
    if [one.get("name") for one in found] != [service]:
        yield file.finding(file.root, "service", f"there is one service, named {service}")
        return
    (declared,) = found
    if not declared.findtext("wsdl:documentation", "", _NS).strip():
        yield file.finding(declared, "documentation", f"{service} has no documentation")
    ports = [port.get("name") for port in declared.iterfind("wsdl:port", _NS)]
    if ports != [f"{service}{version}" for version, _ in _VERSIONS]:
        yield file.finding(declared, "port", f"the ports are {service}Soap11 and {service}Soap12")
    addresses = set()
    for version, soap in _VERSIONS:
        for port in declared.iterfind(f"wsdl:port[@name='{service}{version}']", _NS):
            binding = (file.root.get("targetNamespace"), f"{service}{version}Binding")
            if resolve(port, port.get("binding", "")) != binding:
                yield file.finding(port, "port", f"the port is of the binding {service}{version}Binding")
            address = port.find(f"{{{soap}}}address")
            addresses.add("" if address is None else address.get("location", ""))
    if len(addresses) != 1 or urlsplit(next(iter(addresses))).path != f"/soap/{service}":
        yield file.finding(declared, "port", f"both ports have one address, which ends in /soap/{service}")
