"""A small model of our own, made of boxes: a valid `.vrm` file without anybody's art in it.

Its hair has its colour from a picture inside the file, as the colours of real models are pictures.

`vrm()` is VRM 1.0 with 17 bones, all presets of mouth and feelings as morph targets, and blinking; `vrm(version=0)` the
same body as VRM 0.x. What a hostile file would say goes in by name.
"""

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Vector = tuple[float, float, float]

BONES: Final[tuple[tuple[str, str, Vector], ...]] = (
    ("hips", "", (0.0, 0.95, 0.0)),
    ("spine", "hips", (0.0, 0.1, 0.0)),
    ("chest", "spine", (0.0, 0.15, 0.0)),
    ("neck", "chest", (0.0, 0.22, 0.0)),
    ("head", "neck", (0.0, 0.08, 0.0)),
    ("leftUpperArm", "chest", (0.16, 0.17, 0.0)),
    ("leftLowerArm", "leftUpperArm", (0.25, 0.0, 0.0)),
    ("leftHand", "leftLowerArm", (0.23, 0.0, 0.0)),
    ("rightUpperArm", "chest", (-0.16, 0.17, 0.0)),
    ("rightLowerArm", "rightUpperArm", (-0.25, 0.0, 0.0)),
    ("rightHand", "rightLowerArm", (-0.23, 0.0, 0.0)),
    ("leftUpperLeg", "hips", (0.09, -0.05, 0.0)),
    ("leftLowerLeg", "leftUpperLeg", (0.0, -0.42, 0.0)),
    ("leftFoot", "leftLowerLeg", (0.0, -0.42, 0.0)),
    ("rightUpperLeg", "hips", (-0.09, -0.05, 0.0)),
    ("rightLowerLeg", "rightUpperLeg", (0.0, -0.42, 0.0)),
    ("rightFoot", "rightLowerLeg", (0.0, -0.42, 0.0)),
)
"""Name, parent and place of every bone, seen from its parent: a T-pose that faces +z, her left along +x."""

_CLOTH, _SKIN, _HAIR, _INK = range(4)
_COLOURS: Final = ((0.16, 0.42, 0.75), (1.0, 0.84, 0.74), (0.95, 0.55, 0.15), (0.13, 0.07, 0.16))

_BODY: Final[tuple[tuple[str, int, Vector, Vector], ...]] = (
    ("hips", _CLOTH, (0.0, 0.02, 0.0), (0.28, 0.2, 0.18)),
    ("spine", _CLOTH, (0.0, 0.08, 0.0), (0.24, 0.2, 0.16)),
    ("chest", _CLOTH, (0.0, 0.1, 0.0), (0.34, 0.24, 0.2)),
    ("neck", _SKIN, (0.0, 0.03, 0.0), (0.1, 0.12, 0.1)),
    ("head", _SKIN, (0.0, 0.11, 0.0), (0.24, 0.24, 0.22)),
    ("head", _HAIR, (0.0, 0.235, -0.02), (0.28, 0.07, 0.27)),
    ("head", _HAIR, (0.0, 0.1, -0.12), (0.28, 0.3, 0.06)),
    ("leftUpperArm", _CLOTH, (0.12, 0.0, 0.0), (0.26, 0.09, 0.09)),
    ("leftLowerArm", _SKIN, (0.11, 0.0, 0.0), (0.23, 0.07, 0.07)),
    ("leftHand", _SKIN, (0.05, 0.0, 0.0), (0.1, 0.06, 0.08)),
    ("rightUpperArm", _CLOTH, (-0.12, 0.0, 0.0), (0.26, 0.09, 0.09)),
    ("rightLowerArm", _SKIN, (-0.11, 0.0, 0.0), (0.23, 0.07, 0.07)),
    ("rightHand", _SKIN, (-0.05, 0.0, 0.0), (0.1, 0.06, 0.08)),
    ("leftUpperLeg", _INK, (0.0, -0.2, 0.0), (0.12, 0.42, 0.12)),
    ("rightUpperLeg", _INK, (0.0, -0.2, 0.0), (0.12, 0.42, 0.12)),
)

_EYE_Y, _BROW_Y, _MOUTH_Y = 0.13, 0.19, 0.055
_FACE: Final[tuple[tuple[str, Vector, Vector], ...]] = (
    ("left eye", (0.055, _EYE_Y, 0.113), (0.035, 0.055, 0.006)),
    ("right eye", (-0.055, _EYE_Y, 0.113), (0.035, 0.055, 0.006)),
    ("left brow", (0.055, _BROW_Y, 0.113), (0.055, 0.01, 0.006)),
    ("right brow", (-0.055, _BROW_Y, 0.113), (0.055, 0.01, 0.006)),
    ("mouth", (0.0, _MOUTH_Y, 0.113), (0.05, 0.008, 0.006)),
)

_EYES, _BROWS, _MOUTH = ("left eye", "right eye"), ("left brow", "right brow"), ("mouth",)
_Change = tuple[tuple[str, ...], Vector, Vector]
PRESETS: Final[dict[str, tuple[_Change, ...]]] = {
    "aa": ((_MOUTH, (1.1, 7.0, 1.0), (0, -0.01, 0)),),
    "ih": ((_MOUTH, (1.4, 3.0, 1.0), (0, 0, 0)),),
    "ou": ((_MOUTH, (0.4, 3.5, 1.0), (0, 0, 0)),),
    "ee": ((_MOUTH, (1.7, 4.0, 1.0), (0, 0, 0)),),
    "oh": ((_MOUTH, (0.7, 6.0, 1.0), (0, -0.01, 0)),),
    "blink": ((_EYES, (1.2, 0.12, 1.0), (0, 0, 0)),),
    "lookLeft": ((_EYES, (1.0, 1.0, 1.0), (0.02, 0, 0)),),
    "lookRight": ((_EYES, (1.0, 1.0, 1.0), (-0.02, 0, 0)),),
    "lookUp": ((_EYES, (1.0, 1.0, 1.0), (0, 0.015, 0)),),
    "lookDown": ((_EYES, (1.0, 1.0, 1.0), (0, -0.015, 0)),),
    "happy": (
        (_EYES, (1.3, 0.3, 1.0), (0, 0, 0)),
        (_MOUTH, (1.8, 3.0, 1.0), (0, 0, 0)),
        (_BROWS, (1, 1, 1), (0, 0.015, 0)),
    ),
    "angry": ((_BROWS, (1.2, 2.5, 1.0), (0, -0.025, 0)), (_MOUTH, (0.7, 1.5, 1.0), (0, -0.01, 0))),
    "sad": (
        (_EYES, (1.0, 0.6, 1.0), (0, -0.01, 0)),
        (_BROWS, (0.7, 1.0, 1.0), (0, 0.012, 0)),
        (_MOUTH, (0.6, 1, 1), (0, -0.015, 0)),
    ),
    "relaxed": ((_EYES, (1.1, 0.5, 1.0), (0, 0, 0)), (_MOUTH, (1.5, 1.0, 1.0), (0, 0.005, 0))),
    "surprised": (
        (_EYES, (1.3, 1.4, 1.0), (0, 0, 0)),
        (_BROWS, (1, 1, 1), (0, 0.03, 0)),
        (_MOUTH, (0.7, 5.0, 1.0), (0, 0, 0)),
    ),
}
"""What each preset does to parts of the face: their names, how much larger, how far away."""

_OLD_PRESETS: Final = {
    "aa": "a", "ih": "i", "ou": "u", "ee": "e", "oh": "o", "blink": "blink",
    "happy": "joy", "angry": "angry", "sad": "sorrow", "relaxed": "fun",
    "lookLeft": "lookleft", "lookRight": "lookright", "lookUp": "lookup", "lookDown": "lookdown",
}  # fmt: skip
"""The presets of VRM 0.x; what has none there is a custom one."""

META: Final[dict[str, Any]] = {
    "name": "Box",
    "version": "1",
    "authors": ["Spark VTuber"],
    "licenseUrl": "https://vrm.dev/licenses/1.0/",
    "avatarPermission": "everyone",
    "commercialUsage": "personalProfit",
}


def vrm(version: int = 1, *, image_uri: str = "", meta: dict[str, Any] | None = None) -> bytes:
    """The bytes of a model. With `image_uri` the clothes ask for a picture from there."""
    file = _File()
    names = [name for name, _, _ in BONES]
    facing = 1.0 if version == 1 else -1.0
    nodes: list[dict[str, Any]] = []
    for name, _, (x, y, z) in BONES:
        children = [number for number, (_, parent, _) in enumerate(BONES) if parent == name]
        nodes.append({"name": name, "translation": [facing * x, y, facing * z], "children": children})
    for bone, colour, centre, size in _BODY:
        box = _box(centre, size, facing)
        mesh = file.mesh([{**file.shape(*box), "material": colour}])
        nodes[names.index(bone)]["children"].append(len(nodes))
        nodes.append({"mesh": mesh, "name": f"{bone} box"})
    face_node, face_mesh = len(nodes), file.mesh([_face(file, facing)])
    nodes[names.index("head")]["children"].append(face_node)
    nodes.append({"mesh": face_mesh, "name": "Face"})
    for node in nodes:
        if not node.get("children", True):
            del node["children"]
    gltf: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "spark_vtuber.testing.vrm"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": nodes,
        "materials": [_material(number, colour, version) for number, colour in enumerate(_COLOURS)],
    }
    gltf["images"] = [{"bufferView": file.view(_png(_COLOURS[_HAIR])), "mimeType": "image/png"}]
    gltf["textures"] = [{"source": 0}]
    hair = gltf["materials"][_HAIR]["pbrMetallicRoughness"]
    hair |= {"baseColorFactor": [1.0, 1.0, 1.0, 1.0], "baseColorTexture": {"index": 0}}
    if image_uri:
        gltf["images"].append({"uri": image_uri})
        gltf["textures"].append({"source": 1})
        gltf["materials"][_CLOTH]["pbrMetallicRoughness"]["baseColorTexture"] = {"index": 1}
    said = META if meta is None else meta
    if version == 1:
        gltf["extensions"] = {"VRMC_vrm": _version_1(names, face_node, said)}
        gltf["extensionsUsed"] = ["VRMC_vrm", "VRMC_materials_mtoon"]
    else:
        gltf["extensions"] = {"VRM": _version_0(names, face_mesh, said)}
        gltf["extensionsUsed"] = ["VRM"]
    return file.glb(gltf)


def glb(description: bytes, data: bytes = b"") -> bytes:
    """A binary glTF with any JSON chunk, padded as the format says."""
    chunk = description + b" " * (-len(description) % 4)
    body = struct.pack("<II", len(chunk), 0x4E4F534A) + chunk
    if data:
        padded = data + b"\0" * (-len(data) % 4)
        body += struct.pack("<II", len(padded), 0x004E4942) + padded
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def _png(colour: Vector) -> bytes:
    """A picture of two by two pixels in one colour (PNG, third edition, 5 and 11)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\0" + bytes(round(255 * part) for part in colour) * 2
    head = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * 2)) + chunk(b"IEND", b"")


def _version_1(names: Sequence[str], face_node: int, meta: dict[str, Any]) -> dict[str, Any]:
    def expression(target: int) -> dict[str, Any]:
        return {"morphTargetBinds": [{"node": face_node, "index": target, "weight": 1.0}]}

    return {
        "specVersion": "1.0",
        "meta": meta,
        "humanoid": {"humanBones": {name: {"node": number} for number, name in enumerate(names)}},
        "expressions": {"preset": {name: expression(target) for target, name in enumerate(PRESETS)}},
        "lookAt": {"type": "expression", "offsetFromHeadBone": [0, 0.06, 0]},
    }


def _version_0(names: Sequence[str], face_mesh: int, meta: dict[str, Any]) -> dict[str, Any]:
    groups = [
        {
            "name": name.title(),
            "presetName": _OLD_PRESETS.get(name, "unknown"),
            "binds": [{"mesh": face_mesh, "index": target, "weight": 100}],
            "materialValues": [],
        }
        for target, name in enumerate(PRESETS)
    ]
    unlit = {"shader": "VRM_USE_GLTFSHADER", "keywordMap": {}, "tagMap": {}, "renderQueue": 2000}
    return {
        "exporterVersion": "spark_vtuber.testing",
        "specVersion": "0.0",
        "meta": {
            "title": meta.get("name", ""),
            "version": "1",
            "author": ", ".join(meta.get("authors", ())),
            "allowedUserName": "Everyone",
            "commercialUssageName": "Allow",
            "licenseName": "CC0",
        },
        "humanoid": {"humanBones": [{"bone": name, "node": number} for number, name in enumerate(names)]},
        "firstPerson": {
            "firstPersonBone": names.index("head"),
            "firstPersonBoneOffset": {"x": 0, "y": 0.06, "z": 0},
            "lookAtTypeName": "BlendShape",
            **{
                f"lookAt{way}": {"curve": [0, 0, 0, 1, 1, 1, 1, 0], "xRange": 45, "yRange": 1}
                for way in ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
            },
        },
        "blendShapeMaster": {"blendShapeGroups": groups},
        "secondaryAnimation": {"boneGroups": [], "colliderGroups": []},
        "materialProperties": [{"name": f"m{number}", **unlit} for number in range(len(_COLOURS))],
    }


def _material(number: int, colour: Vector, version: int) -> dict[str, Any]:
    shade = [0.7 * part for part in colour]
    toon = {"specVersion": "1.0", "shadeColorFactor": shade, "shadingToonyFactor": 0.9}
    return {
        "name": f"m{number}",
        "pbrMetallicRoughness": {"baseColorFactor": [*colour, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.9},
        **({"extensions": {"VRMC_materials_mtoon": toon}} if version == 1 else {}),
    }


def _face(file: "_File", facing: float) -> dict[str, Any]:
    points: list[Vector] = []
    normals: list[Vector] = []
    corners: list[int] = []
    for _, centre, size in _FACE:
        some, sides, order = _box(centre, size, facing)
        corners += [len(points) + corner for corner in order]
        points += some
        normals += sides
    shape = {**file.shape(points, normals, corners), "material": _INK}
    shape["targets"] = [{"POSITION": file.vectors(_moves(changes, facing))} for changes in PRESETS.values()]
    return shape


def _moves(changes: tuple[_Change, ...], facing: float) -> list[Vector]:
    """How every point of the face moves under a preset."""
    moves: list[Vector] = []
    for part, centre, size in _FACE:
        points = _box(centre, size, facing)[0]
        change = next((one for one in changes if part in one[0]), None)
        if change is None:
            moves += [(0.0, 0.0, 0.0)] * len(points)
            continue
        _, grown, away = change
        larger = (size[0] * grown[0], size[1] * grown[1], size[2] * grown[2])
        place = (centre[0] + away[0], centre[1] + away[1], centre[2] + away[2])
        after = _box(place, larger, facing)[0]
        moves += [(b[0] - a[0], b[1] - a[1], b[2] - a[2]) for a, b in zip(points, after, strict=True)]
    return moves


_SIDES: Final[tuple[tuple[Vector, Vector, Vector], ...]] = (
    ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    ((-1, 0, 0), (0, 0, 1), (0, 1, 0)),
    ((0, 1, 0), (0, 0, 1), (1, 0, 0)),
    ((0, -1, 0), (1, 0, 0), (0, 0, 1)),
    ((0, 0, 1), (1, 0, 0), (0, 1, 0)),
    ((0, 0, -1), (0, 1, 0), (1, 0, 0)),
)
"""Of a cube: outwards, and two edges that turn with it to the right."""


def _box(centre: Vector, size: Vector, facing: float) -> tuple[list[Vector], list[Vector], list[int]]:
    """Points, normals and corners of triangles; turned about the vertical for `facing` -1."""
    points: list[Vector] = []
    normals: list[Vector] = []
    corners: list[int] = []
    for out, across, up in _SIDES:
        first = len(points)
        for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            x, y, z = (
                middle + length / 2 * (o + a * u + b * v)
                for middle, length, o, u, v in zip(centre, size, out, across, up, strict=True)
            )
            points.append((facing * x, y, facing * z))
            normals.append((facing * out[0], out[1], facing * out[2]))
        corners += [first, first + 1, first + 2, first, first + 2, first + 3]
    return points, normals, corners


@dataclass(slots=True)
class _File:
    """The binary part of a file as it grows, and what lies where."""

    data: bytearray = field(default_factory=bytearray)
    views: list[dict[str, int]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)
    meshes: list[dict[str, Any]] = field(default_factory=list)

    def shape(self, points: Sequence[Vector], normals: Sequence[Vector], corners: Sequence[int]) -> dict[str, Any]:
        order = self._add(struct.pack(f"<{len(corners)}H", *corners), 5123, len(corners), "SCALAR")
        corner = struct.pack("<8f", 0, 1, 1, 1, 1, 0, 0, 0)
        pictured = self._add(corner * (len(points) // 4), 5126, len(points), "VEC2")
        places = {"POSITION": self.vectors(points), "NORMAL": self.vectors(normals), "TEXCOORD_0": pictured}
        return {"attributes": places, "indices": order}

    def vectors(self, vectors: Sequence[Vector]) -> int:
        flat = [part for vector in vectors for part in vector]
        number = self._add(struct.pack(f"<{len(flat)}f", *flat), 5126, len(vectors), "VEC3")
        bounds = list(zip(*vectors, strict=True))
        self.accessors[number] |= {"min": [min(axis) for axis in bounds], "max": [max(axis) for axis in bounds]}
        return number

    def mesh(self, primitives: list[dict[str, Any]]) -> int:
        self.meshes.append({"primitives": primitives})
        return len(self.meshes) - 1

    def glb(self, gltf: dict[str, Any]) -> bytes:
        whole = {
            **gltf,
            "buffers": [{"byteLength": len(self.data)}],
            "bufferViews": self.views,
            "accessors": self.accessors,
            "meshes": self.meshes,
        }
        return glb(json.dumps(whole, separators=(",", ":")).encode(), bytes(self.data))

    def view(self, raw: bytes) -> int:
        self.data += b"\0" * (-len(self.data) % 4)
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(raw)})
        self.data += raw
        return len(self.views) - 1

    def _add(self, raw: bytes, component: int, count: int, kind: str) -> int:
        self.accessors.append({"bufferView": self.view(raw), "componentType": component, "count": count, "type": kind})
        return len(self.accessors) - 1
